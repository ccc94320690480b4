using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>What distinguishes the types whose blocks have 256 columns and sub-blocks with integer scales.</summary>
internal unsafe interface IBlock256
{
    /// <summary>Bytes of a packed block of 16 rows.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Columns of the sums of activations that minimums are multiplied with: 16 or 32; 0 where the type has
    /// none.</summary>
    static abstract int MinimumColumns { get; }

    /// <summary>
    /// Adds Σ sc·q·x of columns 32j … 32j + 31, as one exact 32-bit integer a lane, for up to four tokens, which are
    /// <paramref name="stride"/> bytes apart; <paramref name="x"/> is column 32j of the first.
    /// </summary>
    static abstract void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount;

    /// <summary>
    /// The minimums of sub-blocks 2 · pair and 2 · pair + 1, in the low and the high half of each lane: what the sums
    /// of their activations are multiplied with.
    /// </summary>
    static abstract TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The scales of a block's rows, and those of its minimums where the type has them.</summary>
    static abstract void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF dmin)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The float term of a block for one token.</summary>
    /// <param name="products">All that <c>Products</c> has added.</param>
    /// <param name="minimums">Σ of minimums times sums of activations.</param>
    /// <param name="scale">Scale of the activations.</param>
    static abstract TF Term<TL, TI, TF>(TF d, TF dmin, TI products, TI minimums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The same term for one row, which defines it.</summary>
    static abstract float ScalarTerm(byte* block, int row, sbyte* x, float scale);
}

/// <summary>The tile of types with blocks of 256 columns: terms of blocks are added in order.</summary>
internal readonly unsafe struct Block256Tile<TB> : ITile
    where TB : struct, IBlock256
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
        nint bs = x.BlockStride;
        sbyte* quants = x.Quants + (token * x.QuantStride);
        float* scales = x.Scales + (token * bs);
        nint perBlock = TB.MinimumColumns == 16 ? 16 : 8;
        short* sums = (TB.MinimumColumns == 16 ? x.Sums16 : x.Sums32) + (token * bs * perBlock);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        for (int b = 0; b < blocks; b++)
        {
            TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int j = 0; j < 8; j++)
            {
                TB.Products<TL, TI, TF, TN>(
                    group, row, j, quants + (j * 32), x.QuantStride, ref sum0, ref sum1, ref sum2, ref sum3);
            }

            TI minimum0 = default, minimum1 = default, minimum2 = default, minimum3 = default;
            for (int pair = 0; pair < (TB.MinimumColumns == 0 ? 0 : perBlock / 2); pair++)
            {
                TI m = TB.Minimums<TL, TI, TF>(group, row, pair);
                short* at = sums + (2 * pair);
                minimum0 = TL.Add(minimum0, TL.MultiplyPairs(m, TL.Broadcast4(at)));
                if (TN.Count > 1)
                    minimum1 = TL.Add(minimum1, TL.MultiplyPairs(m, TL.Broadcast4(at + (bs * perBlock))));
                if (TN.Count > 2)
                {
                    minimum2 = TL.Add(minimum2, TL.MultiplyPairs(m, TL.Broadcast4(at + (2 * bs * perBlock))));
                    minimum3 = TL.Add(minimum3, TL.MultiplyPairs(m, TL.Broadcast4(at + (3 * bs * perBlock))));
                }
            }

            TB.Scales<TL, TI, TF>(group, row, out TF d, out TF dmin);
            total0 = TL.AddFloat(total0, TB.Term<TL, TI, TF>(d, dmin, sum0, minimum0, scales[b]));
            if (TN.Count > 1)
                total1 = TL.AddFloat(total1, TB.Term<TL, TI, TF>(d, dmin, sum1, minimum1, scales[b + bs]));
            if (TN.Count > 2)
            {
                total2 = TL.AddFloat(total2, TB.Term<TL, TI, TF>(d, dmin, sum2, minimum2, scales[b + (2 * bs)]));
                total3 = TL.AddFloat(total3, TB.Term<TL, TI, TF>(d, dmin, sum3, minimum3, scales[b + (3 * bs)]));
            }

            group += TB.BlockBytes;
            quants += 256;
            sums += perBlock;
        }

        Tile.Store<TL, TI, TF, TN>(output + (token * stride) + row, stride, total0, total1, total2, total3);
    }

    public static float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token)
    {
        float total = 0;
        for (int b = 0; b < blocks; b++, group += TB.BlockBytes)
        {
            sbyte* quants = x.Quants + (token * x.QuantStride) + (b * 256);
            total += TB.ScalarTerm(group, row, quants, x.Scales[(token * x.BlockStride) + b]);
        }

        return total;
    }
}
