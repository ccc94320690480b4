using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Engine.Sampling;

/// <summary>
/// Unnormalised probabilities: weight(z) = exp((z - Max)·Scale) in double precision, for z at most <paramref
/// name="Max"/>. Multiplications and additions only, without fused ones, in an order that the code fixes: the same bits
/// on every machine, which is what "same seed, same token" rests on. A weight is within 2 units in the last place of
/// the exact value.
/// </summary>
/// <param name="Max">The largest logit; finite.</param>
/// <param name="Scale">1 / temperature; above 0.</param>
internal readonly record struct Weights(float Max, double Scale)
{
    // Inlined into a caller, the loop would exceed what the compiler is ready to inline into it in turn: four times
    // slower.
    private const MethodImplOptions HotLoop = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary>Logits per chunk: a chunk's weights (4 KiB) stay in the first-level cache.</summary>
    internal const int Chunk = 512;

    // exp(x) = 2^n · exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 · 2^52 rounds to an integer that then
    // stands in the low bits.
    private const double RoundingShift = 6755399441055744.0;

    // ln 2 in two parts; the first has 21 trailing zero bits, so n · Ln2High is exact for every n here (Cody and
    // Waite).
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>Below this exp is 0 in double precision (the smallest subnormal is about exp(-744.4)).</summary>
    private const double Lowest = -750;

    /// <summary>2^n below this is subnormal and is applied in two factors.</summary>
    private const double LowestExponent = -1000;

    /// <summary>The weight of one logit.</summary>
    internal double Of(float logit) => Exp(Vector256.Create(Exponent(logit))).ToScalar();

    /// <summary>The weights of up to <see cref="Chunk"/> logits.</summary>
    [MethodImpl(HotLoop)]
    internal void Fill(ReadOnlySpan<float> logits, Span<double> weights)
    {
        Debug.Assert(weights.Length >= logits.Length);
        ref float source = ref MemoryMarshal.GetReference(logits);
        ref double target = ref MemoryMarshal.GetReference(weights);
        int i = 0;
        for (; i <= logits.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Of(Vector256.LoadUnsafe(ref source, (nuint)i));
            low.StoreUnsafe(ref target, (nuint)i);
            high.StoreUnsafe(ref target, (nuint)(i + Vector256<double>.Count));
        }

        for (; i < logits.Length; i++)
            weights[i] = Of(logits[i]);
    }

    /// <summary>The sum of the weights of any number of logits: chunk by chunk, as a draw walks them.</summary>
    internal double Sum(ReadOnlySpan<float> logits)
    {
        double sum = 0;
        for (; logits.Length > Chunk; logits = logits[Chunk..])
            sum += SumOfChunk(logits[..Chunk]);
        return sum + SumOfChunk(logits);
    }

    /// <summary>The sum of the weights of up to <see cref="Chunk"/> logits.</summary>
    [MethodImpl(HotLoop)]
    internal double SumOfChunk(ReadOnlySpan<float> logits)
    {
        ref float source = ref MemoryMarshal.GetReference(logits);
        Vector256<double> lows = Vector256<double>.Zero; // Partial sums by index modulo 8: 0 to 3,
        Vector256<double> highs = Vector256<double>.Zero; // and 4 to 7.
        int i = 0;
        for (; i <= logits.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Of(Vector256.LoadUnsafe(ref source, (nuint)i));
            lows += low;
            highs += high;
        }

        lows += highs;
        double sum = (lows.GetElement(0) + lows.GetElement(1)) + (lows.GetElement(2) + lows.GetElement(3));
        for (; i < logits.Length; i++)
            sum += Of(logits[i]);
        return sum;
    }

    /// <summary>(z - Max)·Scale, the exponent: at most 0, negative infinity for a logit that was ruled out.</summary>
    internal double Exponent(float logit) => ((double)logit - Max) * Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (Vector256<double> Low, Vector256<double> High) Of(Vector256<float> logits)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(logits);
        Vector256<double> max = Vector256.Create((double)Max);
        Vector256<double> scale = Vector256.Create(Scale);
        return (Exp((low - max) * scale), Exp((high - max) * scale));
    }

    /// <summary>
    /// exp(x) for x at most 0: the series to r^13 / 13!, which leaves less than 4e-18 at |r| = ln 2 / 2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Exp(Vector256<double> x)
    {
        Vector256<double> shift = Vector256.Create(RoundingShift);
        x = Vector256.MaxNative(x, Vector256.Create(Lowest));
        Vector256<double> n = (x * Vector256.Create(1.4426950408889634) + shift) - shift; // 1 / ln 2
        Vector256<double> r = (x - n * Vector256.Create(Ln2High)) - n * Vector256.Create(Ln2Low);
        Vector256<double> p = Vector256.Create(1.0 / 6227020800); // 1 / 13!
        p = p * r + Vector256.Create(1.0 / 479001600);
        p = p * r + Vector256.Create(1.0 / 39916800);
        p = p * r + Vector256.Create(1.0 / 3628800);
        p = p * r + Vector256.Create(1.0 / 362880);
        p = p * r + Vector256.Create(1.0 / 40320);
        p = p * r + Vector256.Create(1.0 / 5040);
        p = p * r + Vector256.Create(1.0 / 720);
        p = p * r + Vector256.Create(1.0 / 120);
        p = p * r + Vector256.Create(1.0 / 24);
        p = p * r + Vector256.Create(1.0 / 6);
        p = p * r + Vector256.Create(0.5);
        p = (p * r + Vector256<double>.One) * r + Vector256<double>.One;
        Vector256<double> normal = Vector256.MaxNative(n, Vector256.Create(LowestExponent));
        return p * PowerOfTwo(normal + shift) * PowerOfTwo((n - normal) + shift);
    }

    /// <summary>2^n for n in [-1022, 1023], given n + RoundingShift, whose low bits are n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> PowerOfTwo(Vector256<double> shifted) =>
        ((shifted.AsInt64() + Vector256.Create(1023L)) << 52).AsDouble();
}
