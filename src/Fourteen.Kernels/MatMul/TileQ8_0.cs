using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q8_0: value = d·q over 32 columns. The term of a block is <c>(d · dx) · Σ q·x</c>; terms are added as in
/// <see cref="TileQ4_1"/>.
/// </summary>
/// <remarks>
/// Packed block of 16 rows: 8 × 64 bytes, vector v with columns 4v … 4v+3 of each row, then 16 halves d.
/// </remarks>
internal readonly unsafe struct TileQ8_0 : ITile
{
    internal const int BlockBytes = ScalesAt + (Tile.Rows * sizeof(ushort));
    private const int ScalesAt = 32 * Tile.Rows;

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
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        TF part0 = default, part1 = default, part2 = default, part3 = default;
        for (int b = 0; b < blocks; b++)
        {
            Dot<TL, TI, TF, TN>(group + (row * 4), x0, xs, out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TF d = TL.LoadHalf(group + ScalesAt + (row * 2));
            part0 = TL.AddFloat(part0, Term<TL, TI, TF>(d, dot0, scales[b]));
            if (TN.Count > 1)
                part1 = TL.AddFloat(part1, Term<TL, TI, TF>(d, dot1, scales[b + bs]));
            if (TN.Count > 2)
            {
                part2 = TL.AddFloat(part2, Term<TL, TI, TF>(d, dot2, scales[b + (2 * bs)]));
                part3 = TL.AddFloat(part3, Term<TL, TI, TF>(d, dot3, scales[b + (3 * bs)]));
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
            sbyte* quants = x.Quants + (token * x.QuantStride) + (b * 32);
            int dot = 0;
            for (int c = 0; c < 32; c++)
                dot += ((sbyte*)group)[(c / 4 * 64) + (row * 4) + (c % 4)] * quants[c];
            float d = HalfBits.ToFloat(((ushort*)(group + ScalesAt))[row]);
            part += d * x.Scales[(token * x.BlockStride) + b] * dot;
            Blocks.Fold(ref total, ref part, b, blocks);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            byte* source = rows + (r * rowBytes) + (block * 34L);
            ((ushort*)(target + ScalesAt))[r] = *(ushort*)source;
            for (int quad = 0; quad < 8; quad++)
                *(int*)(target + (quad * 64) + (r * 4)) = *(int*)(source + 2 + (quad * 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dot<TL, TI, TF, TN>(
        byte* weights, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int quad = 0; quad < 8; quad++)
        {
            TI w = TL.Load(weights + (quad * 64));
            TI absolute = TL.AbsoluteBytes(w);
            sbyte* at = x + (quad * 4);
            sum0 = TL.DotSigned(sum0, w, absolute, TL.Broadcast4(at));
            if (TN.Count > 1)
                sum1 = TL.DotSigned(sum1, w, absolute, TL.Broadcast4(at + stride));
            if (TN.Count > 2)
            {
                sum2 = TL.DotSigned(sum2, w, absolute, TL.Broadcast4(at + (2 * stride)));
                sum3 = TL.DotSigned(sum3, w, absolute, TL.Broadcast4(at + (3 * stride)));
            }
        }

        dot0 = sum0;
        dot1 = sum1;
        dot2 = sum2;
        dot3 = sum3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Term<TL, TI, TF>(TF d, TI dot, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(dot));
}
