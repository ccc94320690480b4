using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.Operators;

/// <summary>What one query gets from one piece of the context, and how pieces become one: all in vectors of eight or
/// sixteen independent lanes, so that every path gives the same bits.</summary>
internal static unsafe class AttentionPiece
{
    /// <summary>target = source · factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scale(float* source, int count, float factor, float* target)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            (Vector256.Load(source + i) * Vector256.Create(factor)).Store(target + i);
        for (; i < count; i++)
            target[i] = source[i] * factor;
    }

    /// <summary>
    /// scores[p] = factor · e^(scores[p] − max), in place; returns the sum of the powers in eight chains, position p in
    /// chain p mod 8, folded as <see cref="RmsNorm"/> folds. <paramref name="max"/> is the largest of the scores.
    /// </summary>
    /// <param name="factor">A power of two that brings no weight out of a float's range.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Softmax(IsaPath isa, float* scores, int count, float factor, out float max)
    {
        max = Max(isa, scores, count);
        float* chains = stackalloc float[8];
        new Span<float>(chains, 8).Clear();
        int i = 0;
        if (isa != IsaPath.Scalar)
        {
            Vector256<float> sums = Vector256<float>.Zero;
            if (isa is IsaPath.Avx512 or IsaPath.Avx512Vnni)
            {
                for (; i + 16 <= count; i += 16)
                {
                    Vector512<float> e = Exponential.Of(Vector512.Load(scores + i) - Vector512.Create(max));
                    (e * Vector512.Create(factor)).Store(scores + i);
                    sums = sums + e.GetLower() + e.GetUpper();
                }
            }

            for (; i + 8 <= count; i += 8)
            {
                Vector256<float> e = Exponential.Of(Vector256.Load(scores + i) - Vector256.Create(max));
                (e * Vector256.Create(factor)).Store(scores + i);
                sums += e;
            }

            sums.Store(chains);
        }

        for (; i < count; i++)
        {
            float e = Exponential.Of(scores[i] - max);
            scores[i] = e * factor;
            chains[i & 7] += e;
        }

        return RmsNorm.Fold(chains);
    }

    /// <summary>
    /// Adds a later piece to the earlier ones: with M the larger maximum, a = e^(max − M) and b = e^(pieceMax − M),
    /// sum = sum · a + pieceSum · b and total = total · a + piece · b, the second product fused into the sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Merge(
        float* piece, float pieceMax, float pieceSum, int count, float* total, ref float max, ref float sum)
    {
        float highest = MathF.Max(max, pieceMax);
        float old = Exponential.Of(max - highest), now = Exponential.Of(pieceMax - highest);
        max = highest;
        sum = MathF.FusedMultiplyAdd(pieceSum, now, sum * old);
        Vector256<float> olds = Vector256.Create(old), nows = Vector256.Create(now);
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> kept = Vector256.Load(total + i) * olds;
            Vector256.FusedMultiplyAdd(Vector256.Load(piece + i), nows, kept).Store(total + i);
        }

        for (; i < count; i++)
            total[i] = MathF.FusedMultiplyAdd(piece[i], now, total[i] * old);
    }

    /// <summary>target = total / sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Divide(float* total, float sum, int count, float* target)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            (Vector256.Load(total + i) / Vector256.Create(sum)).Store(target + i);
        for (; i < count; i++)
            target[i] = total[i] / sum;
    }

    /// <summary>The largest score; the order of comparisons does not matter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Max(IsaPath isa, float* scores, int count)
    {
        float highest = float.NegativeInfinity;
        int i = 0;
        if (isa != IsaPath.Scalar && count >= 8)
        {
            Vector256<float> highests = Vector256.Load(scores);
            for (i = 8; i + 8 <= count; i += 8)
                highests = Vector256.Max(highests, Vector256.Load(scores + i));
            for (int lane = 0; lane < 8; lane++)
                highest = MathF.Max(highest, highests[lane]);
        }

        for (; i < count; i++)
            highest = MathF.Max(highest, scores[i]);
        return highest;
    }
}
