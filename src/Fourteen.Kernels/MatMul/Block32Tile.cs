using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>What distinguishes the types whose blocks have 32 columns and scales of their own.</summary>
internal unsafe interface IBlock32
{
    /// <summary>Bytes of a packed block of 16 rows.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Σ q·x of a block for up to four tokens, in the form of <see cref="ILanes{TI,TF}.DotAdd"/> or widened.
    /// </summary>
    static abstract void Dot<TL, TI, TF, TN>(
        byte* block, int row, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount;

    /// <summary>The scales of a block's rows, and its minimums where the type has them.</summary>
    static abstract void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF m)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The float term of a block for one token.</summary>
    /// <param name="scale">Scale of the activations.</param>
    /// <param name="sum">Σ x of the block.</param>
    /// <param name="scaledSum">scale · sum.</param>
    static abstract TF Term<TL, TI, TF>(TF d, TF m, TI dot, float scale, int sum, float scaledSum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The same term for one row, which defines it.</summary>
    static abstract float ScalarTerm(byte* block, int row, sbyte* x, float scale, int sum, float scaledSum);
}

/// <summary>
/// The tile of all types with blocks of 32 columns: terms of blocks are added in order within 8 blocks (256 columns),
/// and these sums in order.
/// </summary>
internal readonly unsafe struct Block32Tile<TB> : ITile
    where TB : struct, IBlock32
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TL, TI, TF, TN>(
        byte* group, int vector, int blocks, in ActivationRows x, int token, float* output, nint stride)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        int row = vector * TL.Count;
        sbyte* quants = x.Quants + (token * x.QuantStride);
        nint xs = x.QuantStride, bs = x.BlockStride;
        float* scales = x.Scales + (token * bs), scaled = x.ScaledSums + (token * bs);
        int* sums = x.Sums + (token * bs);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        TF part0 = default, part1 = default, part2 = default, part3 = default;
        for (nint b = 0; b < blocks; b++)
        {
            TB.Dot<TL, TI, TF, TN>(group, row, quants, xs, out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TB.Scales<TL, TI, TF>(group, row, out TF d, out TF m);
            part0 = TL.AddFloat(part0, TB.Term<TL, TI, TF>(d, m, dot0, scales[b], sums[b], scaled[b]));
            if (TN.Count > 1)
            {
                nint c = b + bs;
                part1 = TL.AddFloat(part1, TB.Term<TL, TI, TF>(d, m, dot1, scales[c], sums[c], scaled[c]));
            }

            if (TN.Count > 2)
            {
                nint c = b + (2 * bs);
                part2 = TL.AddFloat(part2, TB.Term<TL, TI, TF>(d, m, dot2, scales[c], sums[c], scaled[c]));
                c += bs;
                part3 = TL.AddFloat(part3, TB.Term<TL, TI, TF>(d, m, dot3, scales[c], sums[c], scaled[c]));
            }

            if ((b & 7) == 7 || b == blocks - 1)
            {
                total0 = TL.AddFloat(total0, part0);
                total1 = TL.AddFloat(total1, part1);
                total2 = TL.AddFloat(total2, part2);
                total3 = TL.AddFloat(total3, part3);
                part0 = part1 = part2 = part3 = default;
            }

            group += TB.BlockBytes;
            quants += 32;
        }

        Tile.Store<TL, TI, TF, TN>(output + (token * stride) + row, stride, total0, total1, total2, total3);
    }

    public static float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token)
    {
        float total = 0, part = 0;
        for (int b = 0; b < blocks; b++, group += TB.BlockBytes)
        {
            nint index = (token * x.BlockStride) + b;
            sbyte* quants = x.Quants + (token * x.QuantStride) + (b * 32);
            part += TB.ScalarTerm(group, row, quants, x.Scales[index], x.Sums[index], x.ScaledSums[index]);
            if ((b & 7) != 7 && b != blocks - 1)
                continue;
            total += part;
            part = 0;
        }

        return total;
    }
}
