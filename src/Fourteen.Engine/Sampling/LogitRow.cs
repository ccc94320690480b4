using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Engine.Sampling;

/// <summary>The border of sampling: what a row of logits must be, and its largest value.</summary>
internal static class LogitRow
{
    /// <summary>
    /// The largest logit, which may be positive infinity.
    /// </summary>
    /// <exception cref="SamplingException">A logit is NaN, or none is above negative infinity.</exception>
    internal static float Max(ReadOnlySpan<float> logits)
    {
        float max = Max(logits, out bool hasNaN);
        if (hasNaN)
            throw new SamplingException(
                $"No token can be drawn: the logit at place {IndexOfNaN(logits)} of {logits.Length} is not a number.");
        if (float.IsNegativeInfinity(max))
            throw new SamplingException(
                $"No token can be drawn: all {logits.Length} logits are -inf, so every token is ruled out.");
        return max;
    }

    /// <summary>The first index that holds the value; it must be there.</summary>
    internal static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        ref float source = ref MemoryMarshal.GetReference(logits);
        Vector256<float> wanted = Vector256.Create(value);
        int i = 0;
        for (; i <= logits.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            uint equal = Vector256.Equals(Vector256.LoadUnsafe(ref source, (nuint)i), wanted)
                .ExtractMostSignificantBits();
            if (equal != 0)
                return i + System.Numerics.BitOperations.TrailingZeroCount(equal);
        }

        while (i < logits.Length && logits[i] != value)
            i++;
        Debug.Assert(i < logits.Length, "The value is in the row.");
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Max(ReadOnlySpan<float> logits, out bool hasNaN)
    {
        ref float source = ref MemoryMarshal.GetReference(logits);
        Vector256<float> max0 = Vector256.Create(float.NegativeInfinity); // Two chains hide the latency of a maximum.
        Vector256<float> max1 = max0;
        Vector256<float> ordered = Vector256<float>.AllBitsSet; // All bits of a lane until a NaN comes.
        int i = 0;
        for (; i <= logits.Length - 2 * Vector256<float>.Count; i += 2 * Vector256<float>.Count)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref source, (nuint)i);
            Vector256<float> b = Vector256.LoadUnsafe(ref source, (nuint)(i + Vector256<float>.Count));
            ordered &= Vector256.Equals(a, a) & Vector256.Equals(b, b);
            max0 = Vector256.MaxNative(a, max0);
            max1 = Vector256.MaxNative(b, max1);
        }

        max0 = Vector256.MaxNative(max0, max1);
        hasNaN = ordered.ExtractMostSignificantBits() != (1u << Vector256<float>.Count) - 1;
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
            max = Math.Max(max, max0.GetElement(lane));
        for (; i < logits.Length; i++)
        {
            hasNaN |= float.IsNaN(logits[i]);
            max = Math.Max(max, logits[i]);
        }

        return max;
    }

    private static int IndexOfNaN(ReadOnlySpan<float> logits)
    {
        int i = 0;
        while (!float.IsNaN(logits[i]))
            i++;
        return i;
    }
}
