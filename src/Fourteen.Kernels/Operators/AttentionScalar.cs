namespace Fourteen.Kernels.Operators;

/// <summary>The plain loops that define what <see cref="AttentionTile{TL, TI, TF, TR}"/> computes.</summary>
internal static unsafe class AttentionScalar<TR>
    where TR : struct, IKvRows
{
    internal static void Scores(
        float* queries, int count, byte* keys, int headDim, float factor, float* scores, byte* ahead)
    {
        int rowBytes = KvStore.BlockTokens * TR.Bits / 8;
        for (int q = 0; q < count; q++)
        {
            for (int p = 0; p < KvStore.BlockTokens; p++)
            {
                float sum = 0;
                for (int i = 0; i < headDim; i++)
                    sum = MathF.FusedMultiplyAdd(queries[(q * headDim) + i], TR.At(keys + (i * rowBytes), p), sum);
                scores[(q * Attention.PieceTokens) + p] = sum * factor;
            }
        }
    }

    internal static void Values(
        float* weights, int count, byte* values, int from, int to, int headDim, float* sums, byte* ahead) =>
        Values(weights, count, values, from, to, headDim, 0, sums);

    /// <summary>Channels <paramref name="channel"/> and on.</summary>
    internal static void Values(
        float* weights, int count, byte* values, int from, int to, int headDim, int channel, float* sums)
    {
        int rowBytes = headDim * TR.Bits / 8;
        for (int q = 0; q < count; q++)
        {
            for (int i = channel; i < headDim; i++)
            {
                byte* row = values + (i / 32 * 4 * TR.Bits);
                float sum = sums[(q * headDim) + i];
                for (int p = from; p < to; p++)
                {
                    sum = MathF.FusedMultiplyAdd(
                        weights[(q * Attention.PieceTokens) + p], TR.At(row + (p * rowBytes), i % 32), sum);
                }

                sums[(q * headDim) + i] = sum;
            }
        }
    }
}
