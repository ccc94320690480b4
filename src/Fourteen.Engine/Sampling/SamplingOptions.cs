using System.Globalization;

namespace Fourteen.Engine.Sampling;

/// <summary>
/// How the next token is chosen. Every default is neutral: the plain softmax. Immutable, so many sequences may share
/// one. The formulas are those of vLLM, llama.cpp (top-n-sigma, Mirostat) and transformers (typical).
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>A temperature below this means the largest logit, the lowest id among equals (vLLM's bound).</summary>
    public const double GreedyBelow = 1e-5;

    /// <summary>
    /// vLLM's order, and in it the steps that vLLM lacks: top-n-sigma before the temperature as in llama.cpp (sigma is
    /// a property of the raw logits), typical as the first filter on probabilities, Mirostat last, since it must know
    /// the probability that the token is drawn with.
    /// </summary>
    public static IReadOnlyList<SamplingStep> DefaultOrder { get; } =
    [
        SamplingStep.LogitBias,
        SamplingStep.RepetitionPenalty,
        SamplingStep.FrequencyPenalty,
        SamplingStep.PresencePenalty,
        SamplingStep.TopNSigma,
        SamplingStep.Temperature,
        SamplingStep.TypicalP,
        SamplingStep.MinP,
        SamplingStep.TopK,
        SamplingStep.TopP,
        SamplingStep.Mirostat,
    ];

    /// <summary>Always the largest logit, the lowest id among equals.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 or more, below <see cref="GreedyBelow"/> greedy.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>How many of the largest logits stay, more where the k-th has equals; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Total probability of the most probable tokens that stay, in (0, 1]; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Least share of the largest probability that stays, in [0, 1]; 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Total probability of the most typical tokens that stay, in (0, 1]; 1 is off.</summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Standard deviations below the largest logit that stay; 0 is off.</summary>
    public double TopNSigma { get; init; }

    /// <summary>Above 0; 1 is off. Counts ids of prompt and output, each once.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Finite, 0 is off, negative rewards. Counts ids of the output only, each once.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Finite, 0 is off, negative rewards. Counts ids of the output only, as often as they occur.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Added to the logits by id; finite, or negative infinity to ban.</summary>
    public IReadOnlyDictionary<int, double> LogitBias { get; init; } = new Dictionary<int, double>();

    /// <summary>The surprise in bits that Mirostat 2 steers to, above 0; null is off.</summary>
    public double? MirostatTau { get; init; }

    /// <summary>How fast Mirostat 2 follows, 0 or more; 0.1 is llama.cpp's default.</summary>
    public double MirostatEta { get; init; } = 0.1;

    /// <summary>Mirostat's bound in bits at the start; null is 2·tau, as in llama.cpp.</summary>
    public double? MirostatMu { get; init; }

    /// <summary>With the position of a token, the whole source of chance (see <see cref="SequenceRandom"/>).</summary>
    public ulong Seed { get; init; }

    /// <summary>The steps in the order in which they run, each at most once; a step not listed does not run.</summary>
    public IReadOnlyList<SamplingStep> Order { get; init; } = DefaultOrder;

    /// <summary>
    /// The first option outside its legal range as a sentence that names it, the range and the value found; null if all
    /// are legal. Whether the ids of a bias exist is known to the sampler only.
    /// </summary>
    public string? FindProblem()
    {
        if (!(double.IsFinite(Temperature) && Temperature >= 0))
            return Found("temperature", "a finite number, 0 or more", Temperature);
        if (TopK < 0)
            return Found("top_k", "0 (off) or more", TopK);
        if (!(TopP > 0 && TopP <= 1))
            return Found("top_p", "above 0 and at most 1 (off)", TopP);
        if (!(MinP >= 0 && MinP <= 1))
            return Found("min_p", "between 0 (off) and 1", MinP);
        if (!(TypicalP > 0 && TypicalP <= 1))
            return Found("typical_p", "above 0 and at most 1 (off)", TypicalP);
        if (!(double.IsFinite(TopNSigma) && TopNSigma >= 0))
            return Found("top_n_sigma", "a finite number, 0 (off) or more", TopNSigma);
        if (!(double.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0))
            return Found("repetition_penalty", "a finite number above 0 (1 is off)", RepetitionPenalty);
        if (!double.IsFinite(PresencePenalty))
            return Found("presence_penalty", "a finite number (0 is off)", PresencePenalty);
        if (!double.IsFinite(FrequencyPenalty))
            return Found("frequency_penalty", "a finite number (0 is off)", FrequencyPenalty);
        return FindMirostatProblem() ?? FindBiasProblem() ?? FindOrderProblem();
    }

    private string? FindMirostatProblem()
    {
        if (MirostatTau is double tau && !(double.IsFinite(tau) && tau > 0))
            return Found("mirostat_tau", "a finite number above 0, or absent (off)", tau);
        if (!(double.IsFinite(MirostatEta) && MirostatEta >= 0))
            return Found("mirostat_eta", "a finite number, 0 or more", MirostatEta);
        if (MirostatMu is double mu && !double.IsFinite(mu))
            return Found("mirostat_mu", "a finite number, or absent (2·tau)", mu);
        return null;
    }

    private string? FindBiasProblem()
    {
        foreach ((int id, double bias) in LogitBias)
        {
            if (id < 0)
                return Found("logit_bias", "given for token ids, which are 0 or more", id);
            if (!(double.IsFinite(bias) || double.IsNegativeInfinity(bias)))
                return Found(
                    string.Create(CultureInfo.InvariantCulture, $"logit_bias of token {id}"),
                    "a finite number, or -inf to ban the token",
                    bias);
        }

        return null;
    }

    private string? FindOrderProblem()
    {
        var seen = new HashSet<SamplingStep>();
        foreach (SamplingStep step in Order)
        {
            if (!Enum.IsDefined(step))
                return $"order must be made of known steps, found {step}.";
            if (!seen.Add(step))
                return $"order must name each step at most once, found {step} twice.";
        }

        return null;
    }

    private static string Found(string option, string range, double value) =>
        string.Create(CultureInfo.InvariantCulture, $"{option} must be {range}, found {value}.");
}
