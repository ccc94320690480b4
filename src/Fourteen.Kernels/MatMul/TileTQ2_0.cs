using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// TQ2_0 and TQ1_0: value = d·(q − 1) over 256 columns. The term of a block is <c>(d · dx) · (Σ q·x − Σ x)</c>, exact
/// integers.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 16 × 64 bytes of two bits as in <see cref="BitPlanes"/>, then 16 halves d. The
/// digits of TQ1_0 take 2 bits in place of 1.6: to extract them from base 3 would cost several times the product.
/// </remarks>
internal readonly unsafe struct TileTQ2_0 : IBlock256
{
    internal const int DAt = 16 * BitPlanes.Bytes;

    public static int BlockBytes => DAt + (Tile.Rows * sizeof(ushort));

    public static int MinimumColumns => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        byte* at = block + (j * 2 * BitPlanes.Bytes) + (row * 4);
        BitPlanes.Weights<TL, TI, TF>(TL.Load(at), out TI w0, out TI w1, out TI w2, out TI w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        BitPlanes.Weights<TL, TI, TF>(TL.Load(at + BitPlanes.Bytes), out w0, out w1, out w2, out w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x + 16, stride, ref sum0, ref sum1, ref sum2, ref sum3);
    }

    /// <summary>One for each sub-block: together the sum of all activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.Broadcast(0x00010001);

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
        where TF : struct =>
        TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(TL.Subtract(products, minimums)));

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale)
    {
        int sum = 0;
        for (int c = 0; c < 256; c++)
            sum += (BitPlanes.Two(block, row, c) - 1) * x[c];
        return HalfBits.ToFloat(((ushort*)(block + DAt))[row]) * scale * sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockTQ2_0);
        for (int r = 0; r < rowCount; r++)
            ((Half*)(target + DAt))[r] = ((BlockTQ2_0*)(rows + (r * rowBytes)))->Scale;
        uint* words = stackalloc uint[16 * Tile.Rows];
        BitPlanes.Words(((BlockTQ2_0*)rows)->Quants, rowBytes, rowCount, 16, words);
        BitPlanes.PackTwo(words, target);
    }

    /// <summary>Packs blocks of TQ1_0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackBase3(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        byte* digits = stackalloc byte[256];
        for (int r = 0; r < rowCount; r++)
        {
            BlockTQ1_0* source = (BlockTQ1_0*)(rows + (r * rowBytes)) + block;
            ((Half*)(target + DAt))[r] = source->Scale;
            BlockTQ1_0.Digits(source, digits);
            for (int u = 0; u < 16; u++)
            {
                var quads = (uint*)(digits + (u * 16));
                uint word = quads[0] | (quads[1] << 2) | (quads[2] << 4) | (quads[3] << 6);
                ((uint*)(target + (u * BitPlanes.Bytes)))[r] = word;
            }
        }
    }
}
