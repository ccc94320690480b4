using System.Diagnostics;

namespace Fourteen.Engine.Sampling;

/// <summary>
/// The steps from logits to what is drawn from, each as a change of the <see cref="Candidates"/>. A filter never drops
/// the last candidate.
/// </summary>
internal sealed class SamplerChain
{
    /// <summary>From here on a bound on the k-th largest logit is worth finding first.</summary>
    private const int LongRow = 4 * ClassMaxima.Classes;

    private readonly SamplingOptions _options;
    private readonly SamplingStep[] _steps; // Those that change something, in their order.
    private readonly KeyValuePair<int, double>[] _biases; // An array, since walking an interface allocates.

    /// <param name="options">Legal ones.</param>
    internal SamplerChain(SamplingOptions options)
    {
        _options = options;
        _steps = [.. options.Order.Where(step => IsActive(step, options))];
        _biases = [.. options.LogitBias];
        NeedsHistory = _steps.Any(step => step
            is SamplingStep.RepetitionPenalty or SamplingStep.FrequencyPenalty or SamplingStep.PresencePenalty);
    }

    /// <summary>Whether a step reads which tokens the sequence holds.</summary>
    internal bool NeedsHistory { get; }

    /// <summary>Runs the steps.</summary>
    /// <param name="candidates">All tokens with their logits; changed.</param>
    /// <param name="history">Null where no step needs it.</param>
    /// <param name="mu">Mirostat's bound in bits.</param>
    internal void Run(ref Candidates candidates, TokenHistory? history, double mu)
    {
        foreach (SamplingStep step in _steps)
        {
            switch (step)
            {
                case SamplingStep.LogitBias:
                    AddBias(ref candidates, _biases);
                    break;
                case SamplingStep.RepetitionPenalty or SamplingStep.FrequencyPenalty or SamplingStep.PresencePenalty:
                    Debug.Assert(history is not null, "A sampler with an active penalty keeps a history.");
                    Penalise(ref candidates, step, _options, history);
                    break;
                case SamplingStep.TopNSigma:
                    KeepTopNSigma(ref candidates, _options.TopNSigma);
                    break;
                case SamplingStep.Temperature when _options.Temperature < SamplingOptions.GreedyBelow:
                    candidates.KeepOnly(LogitRow.IndexOf(candidates.Logits, candidates.Max()));
                    return; // Nothing that follows changes a choice of one.
                case SamplingStep.Temperature:
                    candidates.Scale /= _options.Temperature;
                    break;
                case SamplingStep.TypicalP:
                    KeepTypical(ref candidates, _options.TypicalP);
                    break;
                case SamplingStep.MinP:
                    candidates.KeepAtLeast(candidates.Max() + Math.Log(_options.MinP) / candidates.Scale);
                    break;
                case SamplingStep.TopK:
                    KeepTopK(ref candidates, _options.TopK);
                    break;
                case SamplingStep.TopP:
                    KeepTopP(ref candidates, _options.TopP);
                    break;
                case SamplingStep.Mirostat:
                    KeepUnsurprising(ref candidates, mu);
                    break;
                default:
                    throw new UnreachableException($"The options were checked, and {step} is no step.");
            }
        }
    }

    private static bool IsActive(SamplingStep step, SamplingOptions options) => step switch
    {
        SamplingStep.LogitBias => options.LogitBias.Count > 0,
        SamplingStep.RepetitionPenalty => options.RepetitionPenalty != 1,
        SamplingStep.FrequencyPenalty => options.FrequencyPenalty != 0,
        SamplingStep.PresencePenalty => options.PresencePenalty != 0,
        SamplingStep.TopNSigma => options.TopNSigma > 0,
        SamplingStep.Temperature => options.Temperature != 1,
        SamplingStep.TypicalP => options.TypicalP < 1,
        SamplingStep.MinP => options.MinP > 0,
        SamplingStep.TopK => options.TopK > 0,
        SamplingStep.TopP => options.TopP < 1,
        SamplingStep.Mirostat => options.MirostatTau is not null,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a sampling step."),
    };

    private static void AddBias(ref Candidates candidates, KeyValuePair<int, double>[] biases)
    {
        candidates.BeginChange();
        Span<float> logits = candidates.Logits;
        foreach ((int id, double bias) in biases)
        {
            int index = candidates.IndexOf(id);
            if (index < 0)
                continue;
            bool isBan = double.IsNegativeInfinity(bias); // It stands whatever the logit is: inf - inf is not a number.
            logits[index] = isBan ? float.NegativeInfinity : (float)(logits[index] + bias);
        }
    }

    private static void Penalise(
        ref Candidates candidates, SamplingStep step, SamplingOptions options, TokenHistory history)
    {
        candidates.BeginChange();
        Span<float> logits = candidates.Logits;
        foreach (int id in history.Seen)
        {
            int index = candidates.IndexOf(id);
            if (index < 0)
                continue;
            double logit = logits[index];
            int count = history.OutputCount(id);
            logits[index] = (float)(step switch
            {
                SamplingStep.RepetitionPenalty when logit > 0 => logit / options.RepetitionPenalty,
                SamplingStep.RepetitionPenalty => logit * options.RepetitionPenalty,
                SamplingStep.FrequencyPenalty => logit - options.FrequencyPenalty * count,
                _ => logit - (count > 0 ? options.PresencePenalty : 0),
            });
        }
    }

    /// <summary>Keeps z ≥ max - n·sigma; sigma is the population standard deviation of the finite logits.</summary>
    private static void KeepTopNSigma(ref Candidates candidates, double n)
    {
        double max = candidates.Max();
        double sum = 0; // Of distances to the largest, which keeps the squares small.
        double squares = 0;
        long finite = 0;
        foreach (float logit in candidates.Logits)
        {
            if (float.IsNegativeInfinity(logit))
                continue;
            double below = max - logit;
            sum += below;
            squares += below * below;
            finite++;
        }

        double mean = sum / finite;
        double variance = Math.Max(0, squares / finite - mean * mean); // Rounding may leave it just below zero.
        candidates.KeepAtLeast(max - n * Math.Sqrt(variance));
    }

    /// <summary>
    /// Keeps the tokens whose surprise -ln p is nearest to the entropy, until their probabilities reach the given one;
    /// the equals of the last in that distance stay too. With x = ln p + ln(sum of weights), the distance is |x - mean
    /// of x|.
    /// </summary>
    private static void KeepTypical(ref Candidates candidates, double probability)
    {
        Weights weights = candidates.Weigh();
        ReadOnlySpan<float> logits = candidates.Logits;
        CandidateBuffers buffers = candidates.Buffers;
        if (buffers.Keys.Length < logits.Length)
            buffers.Keys = new float[logits.Length];
        Span<float> keys = buffers.Keys.AsSpan(0, logits.Length);

        double total = 0;
        double moment = 0;
        for (int start = 0; start < logits.Length; start += Weights.Chunk)
        {
            ReadOnlySpan<float> chunk = logits.Slice(start, Math.Min(Weights.Chunk, logits.Length - start));
            weights.Fill(chunk, buffers.ChunkWeights);
            for (int i = 0; i < chunk.Length; i++)
            {
                double weight = buffers.ChunkWeights[i];
                total += weight;
                if (weight > 0) // 0 · -inf would not be a number.
                    moment += weight * weights.Exponent(chunk[i]);
            }
        }

        double mean = moment / total;
        for (int i = 0; i < keys.Length; i++)
            keys[i] = (float)-Math.Abs(weights.Exponent(logits[i]) - mean);
        Cut cut = buffers.Selection.CutByMass(keys, logits, weights, probability * total);
        candidates.KeepByKeys(keys, cut with { EqualsKept = int.MaxValue });
    }

    private static void KeepTopK(ref Candidates candidates, int k)
    {
        if (k >= candidates.Count)
            return;
        candidates.Max(); // Refuses NaN, which a selection must not meet.
        Selection selection = candidates.Buffers.Selection;
        if (candidates.Count >= LongRow && k <= ClassMaxima.Classes / 4)
        {
            float[] maxima = candidates.Buffers.Maxima;
            ClassMaxima.Fill(candidates.Logits, maxima);
            candidates.KeepAtLeast(selection.KthLargest(maxima, k));
        }

        if (k < candidates.Count) // Infinite logits may have left fewer.
            candidates.KeepAtLeast(selection.KthLargest(candidates.Logits, k));
    }

    /// <summary>
    /// The smallest set from the most probable down that reaches the probability; lower ids first among equals.
    /// </summary>
    private static void KeepTopP(ref Candidates candidates, double probability)
    {
        Weights weights = candidates.Weigh();
        double total = weights.Sum(candidates.Logits);
        if (candidates.Count >= LongRow)
        {
            // All tokens that weigh less than this together weigh less than the part to be dropped.
            double least = (1 - probability) * total / candidates.Count;
            candidates.KeepAtLeast(weights.Max + Math.Log(least) / weights.Scale);
        }

        Span<float> logits = candidates.Logits;
        Cut cut = candidates.Buffers.Selection.CutByMass(logits, logits, weights, probability * total);
        candidates.Keep(logits, cut);
    }

    /// <summary>Keeps p ≥ 2^-mu, at least the most probable token, the lowest id among equals.</summary>
    private static void KeepUnsurprising(ref Candidates candidates, double mu)
    {
        Weights weights = candidates.Weigh();
        double total = weights.Sum(candidates.Logits);
        double bound = weights.Max + (Math.Log(total) - mu * Math.Log(2)) / weights.Scale;
        if (bound > weights.Max)
            candidates.KeepOnly(LogitRow.IndexOf(candidates.Logits, weights.Max));
        else
            candidates.KeepAtLeast(bound);
    }
}
