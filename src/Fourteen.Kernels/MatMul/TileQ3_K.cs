using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q3_K: value = d·sc_u·(q − 4) in sub-blocks u of 16 columns, sc_u in [−32, 31]. The term of 256 columns is
/// <c>(d · dx) · (Σ_u sc_u·(Σ q·x) − 4·Σ_u sc_u·(Σ x))</c>, exact integers of at most 16 · 32 · 16 · 7 · 127 &lt; 2^31.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 16 × 64 bytes of the low two bits and 8 × 64 bytes of the third as in
/// <see cref="BitPlanes"/>, then 16 × 16 signed scales (widened from 6 to 8 bits), then 16 halves d.
/// </remarks>
internal readonly unsafe struct TileQ3_K : IBlock256
{
    internal const int HighAt = 16 * BitPlanes.Bytes;
    internal const int ScalesAt = HighAt + (8 * BitPlanes.Bytes);
    internal const int DAt = ScalesAt + (16 * Tile.Rows);

    public static int BlockBytes => DAt + (Tile.Rows * sizeof(ushort));

    public static int MinimumColumns => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI bits = TL.Load(block + HighAt + (j * BitPlanes.Bytes) + (row * 4));
        byte* low = block + (j * 2 * BitPlanes.Bytes) + (row * 4);
        sbyte* scales = (sbyte*)block + ScalesAt + (j * 2 * Tile.Rows) + row;
        Weights<TL, TI, TF>(TL.Load(low), bits, out TI w0, out TI w1, out TI w2, out TI w3);
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, Scale<TL, TI, TF>(scales), x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        Weights<TL, TI, TF>(
            TL.Load(low + BitPlanes.Bytes), TL.ShiftRight(bits, 4), out w0, out w1, out w2, out w3);
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, Scale<TL, TI, TF>(scales + Tile.Rows), x + 16, stride,
            ref sum0, ref sum1, ref sum2, ref sum3);
    }

    /// <summary>The scales themselves: the 4 that every q is too large by is a factor of their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        sbyte* scales = (sbyte*)block + ScalesAt + (pair * 2 * Tile.Rows) + row;
        TI even = TL.And(TL.LoadSignedBytes(scales), TL.Broadcast(0xFFFF));
        return TL.Or(even, TL.ShiftLeft(TL.LoadSignedBytes(scales + Tile.Rows), 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF dmin)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        d = TL.LoadHalf(block + DAt + (row * 2));
        dmin = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF dmin, TI products, TI minimums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI sum = TL.Subtract(products, TL.ShiftLeft(minimums, 2));
        return TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(sum));
    }

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale)
    {
        int sum = 0;
        for (int c = 0; c < 256; c++)
        {
            int high = BitPlanes.One(block + HighAt + (c / 32 * BitPlanes.Bytes), row, c % 32);
            int q = BitPlanes.Two(block, row, c) | (high << 2);
            sum += ((sbyte*)block)[ScalesAt + (c / 16 * Tile.Rows) + row] * (q - 4) * x[c];
        }

        return HalfBits.ToFloat(((ushort*)(block + DAt))[row]) * scale * sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockQ3_K);
        for (int r = 0; r < rowCount; r++)
        {
            var source = (BlockQ3_K*)(rows + (r * rowBytes));
            ((Half*)(target + DAt))[r] = source->Scale;
            for (int u = 0; u < 16; u++)
                target[ScalesAt + (u * Tile.Rows) + r] = (byte)(BlockQ3_K.UnpackScale(source->Scales, u) - 32);
        }

        uint* words = stackalloc uint[16 * Tile.Rows];
        BitPlanes.Words(((BlockQ3_K*)rows)->Quants, rowBytes, rowCount, 16, words);
        BitPlanes.PackTwo(words, target);
        BitPlanes.Words(((BlockQ3_K*)rows)->HighMask, rowBytes, rowCount, 8, words);
        BitPlanes.PackOne(words, target + HighAt, BitPlanes.Bytes);
    }

    /// <summary>Four vectors of 16 columns as bytes 0 … 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights<TL, TI, TF>(TI low, TI bits, out TI w0, out TI w1, out TI w2, out TI w3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI two = TL.Broadcast(0x03030303), third = TL.Broadcast(0x04040404);
        w0 = TL.Or(TL.And(low, two), TL.And(TL.ShiftLeft(bits, 2), third));
        w1 = TL.Or(TL.And(TL.ShiftRight(low, 2), two), TL.And(TL.ShiftLeft(bits, 1), third));
        w2 = TL.Or(TL.And(TL.ShiftRight(low, 4), two), TL.And(bits, third));
        w3 = TL.Or(TL.And(TL.ShiftRight(low, 6), two), TL.And(TL.ShiftRight(bits, 1), third));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Scale<TL, TI, TF>(sbyte* scales)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI scale = TL.LoadSignedBytes(scales);
        return TL.PrepareScale(TL.Or(TL.And(scale, TL.Broadcast(0xFFFF)), TL.ShiftLeft(scale, 16)));
    }
}
