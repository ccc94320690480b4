using System.Runtime.CompilerServices;
using Fourteen.Kernels.MatMul;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// The plain loops that define what <see cref="AttentionTile{TL, TI, TF, TR}"/> computes. Where 32 channels have a
/// scale, a score is the sum of (scale · factor) · (sum of 32 products), and a weight is multiplied by the scale first.
/// </summary>
internal static unsafe class AttentionScalar<TR>
    where TR : struct, IKvRows
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float* queries, int count, byte* keys, int headDim, float factor, float* scores, byte* ahead)
    {
        int rowBytes = KvStore.BlockTokens * TR.Bits / 8;
        for (int q = 0; q < count; q++, queries += headDim, scores += Attention.PieceTokens)
        {
            for (int p = 0; p < KvStore.BlockTokens; p++)
            {
                float score = 0, sum = 0;
                for (int i = 0; i < headDim; i++)
                {
                    sum = MathF.FusedMultiplyAdd(queries[i], TR.At(keys + (i * rowBytes), p), sum);
                    if (!TR.Scaled || i % 32 < 31)
                        continue;
                    score = MathF.FusedMultiplyAdd(ScaleAt(keys, headDim, i, p) * factor, sum, score);
                    sum = 0;
                }

                scores[p] = TR.Scaled ? score : sum * factor;
            }
        }
    }

    internal static void Values(
        float* weights, int count, byte* values, int from, int to, int headDim, float* sums, byte* ahead) =>
        Values(weights, count, values, from, to, headDim, 0, sums);

    /// <summary>Channels <paramref name="channel"/> and on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Values(
        float* weights, int count, byte* values, int from, int to, int headDim, int channel, float* sums)
    {
        int rowBytes = headDim * TR.Bits / 8;
        for (int q = 0; q < count; q++, weights += Attention.PieceTokens, sums += headDim)
        {
            for (int i = channel; i < headDim; i++)
            {
                byte* row = values + (i / 32 * 4 * TR.Bits);
                float sum = sums[i];
                for (int p = from; p < to; p++)
                {
                    float weight = TR.Scaled ? weights[p] * ScaleAt(values, headDim, i, p) : weights[p];
                    sum = MathF.FusedMultiplyAdd(weight, TR.At(row + (p * rowBytes), i % 32), sum);
                }

                sums[i] = sum;
            }
        }
    }

    private static float ScaleAt(byte* numbers, int headDim, int channel, int position)
    {
        ushort* scales = (ushort*)(numbers + (headDim * KvStore.BlockTokens * TR.Bits / 8));
        return HalfBits.ToFloat(scales[(channel / 32 * KvStore.BlockTokens) + position]);
    }
}
