namespace Fourteen.Engine.Sampling;

/// <summary>
/// Chooses the next token of one sequence from a row of logits. It holds what the penalties and Mirostat remember and
/// the scratch of its steps, so it has one owner, which may pass it from thread to thread but not share it. Nothing is
/// allocated per token once the scratch has grown to what the options need (at most 12 bytes per id of the vocabulary).
/// </summary>
/// <remarks>
/// A token is a function of the logits' bits, the options, the tokens accepted so far and the position, on every
/// machine: the random number is <see cref="SequenceRandom.Uniform"/> of seed and position, weights are computed in
/// double precision in a fixed order, and the draw walks the remaining tokens by ascending id. Only the bounds of
/// min-p, top-p over a whole vocabulary and Mirostat pass through the platform's logarithm, whose last bit may differ:
/// a logit within about 1e-14 of such a bound could fall on either side.
/// </remarks>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly SamplerChain _chain;
    private readonly int _vocabularySize;
    private readonly int _usableVocabulary;
    private readonly TokenHistory? _history;
    private readonly CandidateBuffers _buffers;
    private double _mu; // Bits; 0 and unused without Mirostat.

    /// <param name="options">Legal ones.</param>
    /// <param name="vocabularySize">The length of a row of logits.</param>
    /// <param name="usableVocabulary">
    /// Ids from here on are padding that no token stands for: they are never drawn, and their logits are not read.
    /// </param>
    /// <param name="prompt">The ids that the repetition penalty counts from the start.</param>
    /// <exception cref="ArgumentException">An option or an id is outside its range; the message names it.</exception>
    public Sampler(SamplingOptions options, int vocabularySize, int usableVocabulary, ReadOnlySpan<int> prompt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(usableVocabulary, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(usableVocabulary, vocabularySize);
        if (options.FindProblem() is string problem)
            throw new ArgumentException(problem, nameof(options));
        foreach (int id in options.LogitBias.Keys)
            CheckToken(id, vocabularySize, nameof(options), "logit_bias");
        foreach (int id in prompt)
            CheckToken(id, vocabularySize, nameof(prompt), "the prompt");

        _options = options;
        _chain = new SamplerChain(options);
        _vocabularySize = vocabularySize;
        _usableVocabulary = usableVocabulary;
        _history = _chain.NeedsHistory ? new TokenHistory(vocabularySize, prompt) : null;
        _buffers = new CandidateBuffers(usableVocabulary);
        if (options.MirostatTau is double tau)
            _mu = options.MirostatMu ?? 2 * tau;
    }

    /// <summary>Mirostat's bound in bits for the next token; null where Mirostat is off.</summary>
    public double? MirostatMu => _options.MirostatTau is null ? null : _mu;

    /// <summary>
    /// Draws a token. It does not become part of the history: call <see cref="Accept"/> for every token that is
    /// appended, drawn or not. Mirostat's bound moves with each draw.
    /// </summary>
    /// <param name="logits">[vocabulary]; overwritten.</param>
    /// <param name="position">Where in its sequence the token will stand; with the seed, the source of chance.</param>
    /// <exception cref="SamplingException">A logit is NaN, or every token is ruled out.</exception>
    public int Sample(Span<float> logits, ulong position)
    {
        Candidates candidates = Run(logits);
        if (candidates.Count == 1)
            candidates.Max(); // A single token needs no draw, but must not be one that is ruled out.
        DrawnCandidate drawn = candidates.Count == 1
            ? new DrawnCandidate(0, 1)
            : candidates.Draw(SequenceRandom.Uniform(_options.Seed, position));
        if (_options.MirostatTau is double tau)
            _mu = MuAfter(_mu, tau, _options.MirostatEta, drawn.Probability);
        return candidates.IdAt(drawn.Index);
    }

    /// <summary>Appends a token to the output that the penalties look at.</summary>
    public void Accept(int token)
    {
        CheckToken(token, _vocabularySize, nameof(token), "the output");
        _history?.AddOutput(token);
    }

    /// <summary>
    /// The probabilities that <see cref="Sample"/> would draw with: the same steps, and the state left as it is.
    /// </summary>
    /// <param name="logits">[vocabulary]; overwritten.</param>
    /// <param name="probabilities">[vocabulary]; 0 for tokens that were dropped.</param>
    /// <exception cref="SamplingException">A logit is NaN, or every token is ruled out.</exception>
    public void Distribution(Span<float> logits, Span<double> probabilities)
    {
        if (probabilities.Length != _vocabularySize)
            throw new ArgumentException(
                $"Room for {_vocabularySize} probabilities is needed, found {probabilities.Length}.",
                nameof(probabilities));
        probabilities.Clear();
        Candidates candidates = Run(logits);
        Weights weights = candidates.Weigh();
        double total = weights.Sum(candidates.Logits);
        for (int i = 0; i < candidates.Count; i++)
            probabilities[candidates.IdAt(i)] = weights.Of(candidates.Logits[i]) / total;
    }

    /// <summary>Mirostat 2's next bound: mu - eta·(-log2 p - tau).</summary>
    /// <param name="probability">With which the token was drawn, above 0.</param>
    public static double MuAfter(double mu, double tau, double eta, double probability) =>
        mu - eta * (-Math.Log2(probability) - tau);

    private Candidates Run(Span<float> logits)
    {
        if (logits.Length != _vocabularySize)
            throw new ArgumentException(
                $"A row of {_vocabularySize} logits is needed, found {logits.Length}.", nameof(logits));
        var candidates = new Candidates(logits[.._usableVocabulary], _buffers);
        _chain.Run(ref candidates, _history, _mu);
        return candidates;
    }

    private static void CheckToken(int id, int vocabularySize, string parameter, string place)
    {
        if ((uint)id >= (uint)vocabularySize)
            throw new ArgumentException(
                $"Token {id} in {place} is not in the vocabulary, which has {vocabularySize} ids.", parameter);
    }
}
