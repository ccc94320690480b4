using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q4_1: value = d·q + m over 32 columns. The term of a block is
/// <c>(d · dx) · Σ q·x + m · (dx · Σ x)</c>, dx the activations' scale: every float operation rounds on its own. Terms
/// are added in order within 8 blocks (256 columns), and these sums in order.
/// </summary>
/// <remarks>
/// Packed block of 16 rows: 4 × 64 bytes of nibbles, then 16 halves d, then 16 halves m. Vector v holds four bytes a
/// row: columns 8v … 8v+3 in the low nibbles, 8v+4 … 8v+7 in the high ones. 127 · (15 + 15) · 8 additions = 30,480 fits
/// the 16-bit running sums.
/// </remarks>
internal readonly unsafe struct TileQ4_1 : ITile
{
    internal const int BlockBytes = PackNibbles.Bytes32 + (2 * Tile.Rows * sizeof(ushort));
    private const int ScalesAt = PackNibbles.Bytes32;
    private const int MinimumsAt = ScalesAt + (Tile.Rows * sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TL, TI, TF, TN>(
        byte* group, int vector, int blocks, in ActivationRows x, int token, float* output, nint stride)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        int row = vector * TL.Count;
        sbyte* x0 = x.Quants + (token * x.QuantStride);
        nint xs = x.QuantStride, bs = x.BlockStride;
        float* scales = x.Scales + (token * bs), sums = x.ScaledSums + (token * bs);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        TF part0 = default, part1 = default, part2 = default, part3 = default;
        for (int b = 0; b < blocks; b++)
        {
            NibbleDot.Block32<TL, TI, TF, TN>(
                group + (row * 4), x0, xs, out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TF d = TL.LoadHalf(group + ScalesAt + (row * 2));
            TF m = TL.LoadHalf(group + MinimumsAt + (row * 2));
            part0 = TL.AddFloat(part0, Term<TL, TI, TF>(d, m, dot0, scales[b], sums[b]));
            if (TN.Count > 1)
                part1 = TL.AddFloat(part1, Term<TL, TI, TF>(d, m, dot1, scales[b + bs], sums[b + bs]));
            if (TN.Count > 2)
            {
                part2 = TL.AddFloat(part2, Term<TL, TI, TF>(d, m, dot2, scales[b + (2 * bs)], sums[b + (2 * bs)]));
                part3 = TL.AddFloat(part3, Term<TL, TI, TF>(d, m, dot3, scales[b + (3 * bs)], sums[b + (3 * bs)]));
            }

            if ((b & 7) == 7 || b == blocks - 1)
                Blocks.Fold<TL, TI, TF, TN>(
                    ref total0, ref total1, ref total2, ref total3, ref part0, ref part1, ref part2, ref part3);
            group += BlockBytes;
            x0 += 32;
        }

        Blocks.Store<TL, TI, TF, TN>(output + (token * stride) + row, stride, total0, total1, total2, total3);
    }

    public static float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token)
    {
        float total = 0, part = 0;
        for (int b = 0; b < blocks; b++, group += BlockBytes)
        {
            int dot = PackNibbles.ScalarDot32(group, row, x.Quants + (token * x.QuantStride) + (b * 32));
            float d = HalfBits.ToFloat(((ushort*)(group + ScalesAt))[row]);
            float m = HalfBits.ToFloat(((ushort*)(group + MinimumsAt))[row]);
            nint index = (token * x.BlockStride) + b;
            part += (d * x.Scales[index] * dot) + (m * x.ScaledSums[index]);
            Blocks.Fold(ref total, ref part, b, blocks);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            byte* source = rows + (r * rowBytes) + (block * 20L);
            ((ushort*)(target + ScalesAt))[r] = *(ushort*)source;
            ((ushort*)(target + MinimumsAt))[r] = *(ushort*)(source + 2);
            PackNibbles.Row32(source + 4, target, r);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Term<TL, TI, TF>(TF d, TF m, TI dot, float scale, float sum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF product = TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(TL.Widen(dot)));
        return TL.AddFloat(product, TL.Multiply(m, TL.BroadcastFloat(sum)));
    }
}
