namespace Fourteen.Engine.Sampling;

/// <summary>A token and the natural logarithm of its probability, finite and at most 0.</summary>
public readonly record struct TokenLogprob(int Id, double Logprob);

/// <summary>
/// Log-probabilities of the plain softmax over a row of raw logits: what a model said, before any sampling option.
/// Always finite, because JSON has no infinities.
/// </summary>
public static class Logprobs
{
    /// <summary>Stands for the logarithm of a probability that is zero or below e^-9999, as in OpenAI's API.</summary>
    public const double Impossible = -9999;

    /// <summary>The log-probabilities of the given ids.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="ids">Ids in the vocabulary, in any order.</param>
    /// <param name="logprobs">[ids]</param>
    /// <exception cref="SamplingException">A logit is NaN, or none is above negative infinity.</exception>
    public static void Of(ReadOnlySpan<float> logits, ReadOnlySpan<int> ids, Span<double> logprobs)
    {
        Softmax softmax = Normalise(logits);
        for (int i = 0; i < ids.Length; i++)
            logprobs[i] = softmax.Of(logits[ids[i]]);
    }

    /// <summary>
    /// The most probable tokens, best first, lower ids first among equals; fewer where fewer have a logit above
    /// negative infinity.
    /// </summary>
    /// <exception cref="SamplingException">A logit is NaN, or none is above negative infinity.</exception>
    public static TokenLogprob[] Top(ReadOnlySpan<float> logits, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0)
            return [];
        Softmax softmax = Normalise(logits);
        float least = new Selection().KthLargest(logits, Math.Min(count, logits.Length));
        var found = new List<(float Logit, int Id)>();
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] >= least && !float.IsNegativeInfinity(logits[id]))
                found.Add((logits[id], id));
        }

        found.Sort((a, b) => a.Logit != b.Logit ? b.Logit.CompareTo(a.Logit) : a.Id.CompareTo(b.Id));
        var top = new TokenLogprob[Math.Min(count, found.Count)];
        for (int i = 0; i < top.Length; i++)
            top[i] = new TokenLogprob(found[i].Id, softmax.Of(found[i].Logit));
        return top;
    }

    private static Softmax Normalise(ReadOnlySpan<float> logits)
    {
        float max = LogitRow.Max(logits);
        if (!float.IsPositiveInfinity(max))
            return new Softmax(max, Math.Log(new Weights(max, 1).Sum(logits)));
        int infinite = 0; // Infinite logits share all probability.
        foreach (float logit in logits)
            infinite += float.IsPositiveInfinity(logit) ? 1 : 0;
        return new Softmax(max, Math.Log(infinite));
    }

    /// <param name="Max">The largest logit.</param>
    /// <param name="LogSum">ln of the sum of exp(z - Max).</param>
    private readonly record struct Softmax(float Max, double LogSum)
    {
        internal double Of(float logit)
        {
            double below = logit == Max ? 0 : (double)logit - Max; // Equal infinities differ by nothing.
            return Math.Max(Impossible, below - LogSum);
        }
    }
}
