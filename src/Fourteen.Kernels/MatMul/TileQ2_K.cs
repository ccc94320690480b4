using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q2_K: value = d·sc_u·q − dmin·m_u in sub-blocks u of 16 columns, sc_u and m_u in [0, 15]. The term of 256 columns is
/// <c>(d · dx) · Σ_u sc_u·(Σ q·x) − (dmin · dx) · Σ_u m_u·(Σ x)</c>, both sums exact integers: at most
/// 16 · 15 · 16 · 3 · 127 &lt; 2^31.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 16 × 64 bytes of two bits as in <see cref="BitPlanes"/>, then 8 × 16 pairs of
/// bytes with scale (low nibble) and minimum (high nibble) of sub-blocks 2p and 2p + 1, then 16 halves d, 16 halves
/// dmin.
/// </remarks>
internal readonly unsafe struct TileQ2_K : IBlock256
{
    internal const int ScalesAt = 16 * BitPlanes.Bytes;
    internal const int DAt = ScalesAt + (16 * Tile.Rows);
    internal const int DminAt = DAt + (Tile.Rows * sizeof(ushort));

    public static int BlockBytes => DminAt + (Tile.Rows * sizeof(ushort));

    public static int MinimumColumns => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI nibble = TL.Broadcast(0x0F);
        TI pair = TL.LoadBytePairs(block + ScalesAt + (j * 2 * Tile.Rows) + (row * 2));
        TI even = TL.And(pair, nibble), odd = TL.And(TL.ShiftRight(pair, 16), nibble);
        byte* at = block + (j * 2 * BitPlanes.Bytes) + (row * 4);
        BitPlanes.Weights<TL, TI, TF>(TL.Load(at), out TI w0, out TI w1, out TI w2, out TI w3);
        even = TL.PrepareScale(TL.Or(even, TL.ShiftLeft(even, 16)));
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, even, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        BitPlanes.Weights<TL, TI, TF>(TL.Load(at + BitPlanes.Bytes), out w0, out w1, out w2, out w3);
        odd = TL.PrepareScale(TL.Or(odd, TL.ShiftLeft(odd, 16)));
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, odd, x + 16, stride, ref sum0, ref sum1, ref sum2, ref sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI both = TL.LoadBytePairs(block + ScalesAt + (pair * 2 * Tile.Rows) + (row * 2));
        return TL.And(TL.ShiftRight(both, 4), TL.Broadcast(0x000F000F));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF dmin)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        d = TL.LoadHalf(block + DAt + (row * 2));
        dmin = TL.LoadHalf(block + DminAt + (row * 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF dmin, TI products, TI minimums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TileQ5_K.Term<TL, TI, TF>(d, dmin, products, minimums, scale);

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale)
    {
        int products = 0, minimums = 0;
        for (int c = 0; c < 256; c++)
        {
            int u = c / 16;
            int both = block[ScalesAt + (u / 2 * 2 * Tile.Rows) + (row * 2) + (u % 2)];
            products += (both & 15) * BitPlanes.Two(block, row, c) * x[c];
            minimums += (both >> 4) * x[c];
        }

        float d = HalfBits.ToFloat(((ushort*)(block + DAt))[row]);
        float dmin = HalfBits.ToFloat(((ushort*)(block + DminAt))[row]);
        return (d * scale * products) - (dmin * scale * minimums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockQ2_K);
        for (int r = 0; r < rowCount; r++)
        {
            var source = (BlockQ2_K*)(rows + (r * rowBytes));
            ((Half*)(target + DAt))[r] = source->Scale;
            ((Half*)(target + DminAt))[r] = source->MinimumScale;
            for (int u = 0; u < 16; u++)
                target[ScalesAt + (u / 2 * 2 * Tile.Rows) + (r * 2) + (u % 2)] = source->Scales[u];
        }

        uint* words = stackalloc uint[16 * Tile.Rows];
        BitPlanes.Words(((BlockQ2_K*)rows)->Quants, rowBytes, rowCount, 16, words);
        BitPlanes.PackTwo(words, target);
    }
}
