using System.Globalization;

namespace Fourteen.Engine.Benchmarks;

/// <summary>
/// What is timed: a prompt of so many tokens, or so many new tokens of each of several sequences, behind
/// <paramref name="Depth"/> tokens that are in the cache already. Tokens are random, and nothing is sampled.
/// </summary>
/// <param name="Prompt">Tokens of a prompt; 0 where tokens are generated.</param>
/// <param name="Generate">New tokens of each sequence, one at a time; 0 where a prompt is computed.</param>
/// <param name="Batch">Sequences that are computed together.</param>
/// <param name="Depth">Tokens of each sequence before those that are timed.</param>
/// <param name="AllLogits">Whether logits of every position of the prompt are computed; else of its last.</param>
public sealed record BenchmarkTest(int Prompt, int Generate, int Batch, int Depth, bool AllLogits = false)
{
    /// <summary>The field's name: <c>pp512</c>, <c>tg64</c>; batch and depth are told apart.</summary>
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{(Prompt > 0 ? "pp" : "tg")}{TokensPerSequence}{(AllLogits ? "+all" : "")}");

    /// <summary>Timed tokens of one sequence.</summary>
    public int TokensPerSequence => Prompt > 0 ? Prompt : Generate;

    /// <summary>Positions that a sequence fills.</summary>
    public int Positions => Depth + TokensPerSequence;
}

/// <summary>What one repetition of a test took.</summary>
/// <param name="Elapsed">From the first step to the end of the last.</param>
/// <param name="Tokens">Of all sequences.</param>
/// <param name="Work">What its steps read and computed.</param>
public readonly record struct BenchmarkRound(TimeSpan Elapsed, int Tokens, StepWork Work)
{
    /// <summary>Tokens of all sequences a second.</summary>
    public double TokensPerSecond => Tokens / Elapsed.TotalSeconds;

    /// <summary>10⁹ bytes of weights, keys and values a second.</summary>
    public double GigabytesPerSecond => (Work.WeightBytes + Work.KvBytes) / Elapsed.TotalSeconds / 1e9;

    /// <summary>10⁹ operations of matrix products a second, a multiplication and an addition counted as two.</summary>
    public double GigaOperationsPerSecond => 2.0 * Work.MultiplyAdds / Elapsed.TotalSeconds / 1e9;
}

/// <summary>What steps read and computed, counted from shapes.</summary>
/// <param name="WeightBytes">Bytes of weights, each matrix once a step; of experts, those that some token went to.
/// </param>
/// <param name="KvBytes">Bytes of cached keys and values that attention saw, once a step.</param>
/// <param name="MultiplyAdds">Multiplications and additions of matrix products; attention has others.</param>
public readonly record struct StepWork(long WeightBytes, long KvBytes, long MultiplyAdds)
{
    public static StepWork operator +(StepWork a, StepWork b) =>
        new(a.WeightBytes + b.WeightBytes, a.KvBytes + b.KvBytes, a.MultiplyAdds + b.MultiplyAdds);

    public static StepWork operator -(StepWork a, StepWork b) =>
        new(a.WeightBytes - b.WeightBytes, a.KvBytes - b.KvBytes, a.MultiplyAdds - b.MultiplyAdds);
}
