using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q4_0: value = d·(q − 8) over 32 columns. The term of a block is <c>(d · dx) · (Σ q·x − 8·Σ x)</c>; terms are added
/// as in <see cref="TileQ4_1"/>, whose layout this is without the minimums.
/// </summary>
internal readonly unsafe struct TileQ4_0 : ITile
{
    internal const int BlockBytes = PackNibbles.Bytes32 + (Tile.Rows * sizeof(ushort));
    private const int ScalesAt = PackNibbles.Bytes32;

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
        float* scales = x.Scales + (token * bs);
        int* sums = x.Sums + (token * bs);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        TF part0 = default, part1 = default, part2 = default, part3 = default;
        for (int b = 0; b < blocks; b++)
        {
            NibbleDot.Block32<TL, TI, TF, TN>(
                group + (row * 4), x0, xs, out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TF d = TL.LoadHalf(group + ScalesAt + (row * 2));
            part0 = TL.AddFloat(part0, Term<TL, TI, TF>(d, dot0, scales[b], sums[b]));
            if (TN.Count > 1)
                part1 = TL.AddFloat(part1, Term<TL, TI, TF>(d, dot1, scales[b + bs], sums[b + bs]));
            if (TN.Count > 2)
            {
                part2 = TL.AddFloat(part2, Term<TL, TI, TF>(d, dot2, scales[b + (2 * bs)], sums[b + (2 * bs)]));
                part3 = TL.AddFloat(part3, Term<TL, TI, TF>(d, dot3, scales[b + (3 * bs)], sums[b + (3 * bs)]));
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
            nint index = (token * x.BlockStride) + b;
            int dot = PackNibbles.ScalarDot32(group, row, x.Quants + (token * x.QuantStride) + (b * 32));
            float d = HalfBits.ToFloat(((ushort*)(group + ScalesAt))[row]);
            part += d * x.Scales[index] * (dot - (8 * x.Sums[index]));
            Blocks.Fold(ref total, ref part, b, blocks);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            byte* source = rows + (r * rowBytes) + (block * 18L);
            ((ushort*)(target + ScalesAt))[r] = *(ushort*)source;
            PackNibbles.Row32(source + 2, target, r);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Term<TL, TI, TF>(TF d, TI dot, float scale, int sum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI centred = TL.Subtract(TL.Widen(dot), TL.Broadcast(8 * sum));
        return TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(centred));
    }
}
