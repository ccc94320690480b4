using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// The inner loops of attention. Scores: one position a lane, fused multiply-adds over the channels in order. Values:
/// one channel a lane, fused multiply-adds over the positions in order. No sum crosses lanes, so every width gives one
/// result.
/// </summary>
internal static unsafe class AttentionTile
{
    private const int BlockTokens = KvStore.BlockTokens;

    /// <summary>
    /// scores[p] = scale · Σ_i query[i] · keys[i, p] for all 32 positions of a block; keys as floats [headDim, 32].
    /// </summary>
    internal static void Scores(IsaPath isa, float* query, float* keys, int headDim, float scale, float* scores)
    {
        switch (isa)
        {
            case IsaPath.Avx512Vnni:
            case IsaPath.Avx512:
                Scores<Lanes512, V512I, V512F>(query, keys, headDim, scale, scores);
                break;
            case IsaPath.AvxVnni:
            case IsaPath.Avx2:
                Scores<Lanes256<PairProducts>, V256I, V256F>(query, keys, headDim, scale, scores);
                break;
            case IsaPath.Vector128:
                Scores<Lanes128, V128I, V128F>(query, keys, headDim, scale, scores);
                break;
            default:
                ScoresScalar(query, keys, headDim, scale, scores);
                break;
        }
    }

    /// <summary>sum[i] += Σ_p weights[p] · values[p, i] over <paramref name="count"/> positions; values as floats.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddValues(IsaPath isa, float* weights, float* values, int count, int headDim, float* sum)
    {
        int done = isa switch
        {
            IsaPath.Avx512 or IsaPath.Avx512Vnni =>
                AddValues<Lanes512, V512I, V512F>(weights, values, count, headDim, sum),
            IsaPath.AvxVnni or IsaPath.Avx2 =>
                AddValues<Lanes256<PairProducts>, V256I, V256F>(weights, values, count, headDim, sum),
            IsaPath.Vector128 => AddValues<Lanes128, V128I, V128F>(weights, values, count, headDim, sum),
            _ => 0,
        };
        for (int i = done; i < headDim; i++)
        {
            float total = sum[i];
            for (int p = 0; p < count; p++)
                total = MathF.FusedMultiplyAdd(weights[p], values[(p * headDim) + i], total);
            sum[i] = total;
        }
    }

    /// <summary>Halves to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Widen(IsaPath isa, byte* halves, int count, float* floats)
    {
        int i = 0;
        if (isa is IsaPath.AvxVnni or IsaPath.Avx2 or IsaPath.Avx512 or IsaPath.Avx512Vnni)
        {
            for (; i + 8 <= count; i += 8)
                Lanes256<PairProducts>.LoadHalf(halves + (2 * i)).Store(floats + i);
        }
        else if (isa == IsaPath.Vector128)
        {
            for (; i + 4 <= count; i += 4)
                Lanes128.LoadHalf(halves + (2 * i)).Store(floats + i);
        }

        for (; i < count; i++)
            floats[i] = HalfBits.ToFloat(((ushort*)halves)[i]);
    }

    /// <summary>
    /// weights[p] = e^(scores[p] − max), in place; returns their sum in eight chains, position p in chain p mod 8,
    /// folded as <see cref="RmsNorm"/> folds. <paramref name="max"/> is the largest of the scores.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Softmax(IsaPath isa, float* scores, int count, out float max)
    {
        float highest = float.NegativeInfinity;
        for (int p = 0; p < count; p++)
            highest = MathF.Max(highest, scores[p]);
        max = highest;

        float* chains = stackalloc float[8];
        new Span<float>(chains, 8).Clear();
        int i = 0;
        if (isa != IsaPath.Scalar)
        {
            Vector256<float> sums = Vector256<float>.Zero;
            for (; i + 8 <= count; i += 8)
            {
                Vector256<float> e = Exponential.Of(Vector256.Load(scores + i) - Vector256.Create(highest));
                e.Store(scores + i);
                sums += e;
            }

            sums.Store(chains);
        }

        for (; i < count; i++)
        {
            float e = Exponential.Of(scores[i] - highest);
            scores[i] = e;
            chains[i & 7] += e;
        }

        return RmsNorm.Fold(chains);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TL, TI, TF>(float* query, float* keys, int headDim, float scale, float* scores)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF factor = TL.BroadcastFloat(scale);
        if (BlockTokens >= 4 * TL.Count)
        {
            for (int p = 0; p < BlockTokens; p += 4 * TL.Count)
            {
                TF sum0 = default, sum1 = default, sum2 = default, sum3 = default;
                float* key = keys + p;
                for (int i = 0; i < headDim; i++, key += BlockTokens)
                {
                    TF q = TL.BroadcastFloat(query[i]);
                    sum0 = TL.Fma(q, TL.LoadFloat(key), sum0);
                    sum1 = TL.Fma(q, TL.LoadFloat(key + TL.Count), sum1);
                    sum2 = TL.Fma(q, TL.LoadFloat(key + (2 * TL.Count)), sum2);
                    sum3 = TL.Fma(q, TL.LoadFloat(key + (3 * TL.Count)), sum3);
                }

                TL.Store(scores + p, TL.Multiply(sum0, factor));
                TL.Store(scores + p + TL.Count, TL.Multiply(sum1, factor));
                TL.Store(scores + p + (2 * TL.Count), TL.Multiply(sum2, factor));
                TL.Store(scores + p + (3 * TL.Count), TL.Multiply(sum3, factor));
            }

            return;
        }

        for (int p = 0; p < BlockTokens; p += TL.Count)
        {
            TF sum = default;
            for (int i = 0; i < headDim; i++)
                sum = TL.Fma(TL.BroadcastFloat(query[i]), TL.LoadFloat(keys + (i * BlockTokens) + p), sum);
            TL.Store(scores + p, TL.Multiply(sum, factor));
        }
    }

    private static void ScoresScalar(float* query, float* keys, int headDim, float scale, float* scores)
    {
        for (int p = 0; p < BlockTokens; p++)
        {
            float sum = 0;
            for (int i = 0; i < headDim; i++)
                sum = MathF.FusedMultiplyAdd(query[i], keys[(i * BlockTokens) + p], sum);
            scores[p] = sum * scale;
        }
    }

    /// <summary>As many channels as fill vectors; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddValues<TL, TI, TF>(float* weights, float* values, int count, int headDim, float* sum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        int i = 0;
        for (; i + (4 * TL.Count) <= headDim; i += 4 * TL.Count)
        {
            TF sum0 = TL.LoadFloat(sum + i);
            TF sum1 = TL.LoadFloat(sum + i + TL.Count);
            TF sum2 = TL.LoadFloat(sum + i + (2 * TL.Count));
            TF sum3 = TL.LoadFloat(sum + i + (3 * TL.Count));
            float* value = values + i;
            for (int p = 0; p < count; p++, value += headDim)
            {
                TF w = TL.BroadcastFloat(weights[p]);
                sum0 = TL.Fma(w, TL.LoadFloat(value), sum0);
                sum1 = TL.Fma(w, TL.LoadFloat(value + TL.Count), sum1);
                sum2 = TL.Fma(w, TL.LoadFloat(value + (2 * TL.Count)), sum2);
                sum3 = TL.Fma(w, TL.LoadFloat(value + (3 * TL.Count)), sum3);
            }

            TL.Store(sum + i, sum0);
            TL.Store(sum + i + TL.Count, sum1);
            TL.Store(sum + i + (2 * TL.Count), sum2);
            TL.Store(sum + i + (3 * TL.Count), sum3);
        }

        for (; i + TL.Count <= headDim; i += TL.Count)
        {
            TF total = TL.LoadFloat(sum + i);
            for (int p = 0; p < count; p++)
                total = TL.Fma(TL.BroadcastFloat(weights[p]), TL.LoadFloat(values + (p * headDim) + i), total);
            TL.Store(sum + i, total);
        }

        return i;
    }
}
