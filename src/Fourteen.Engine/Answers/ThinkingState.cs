namespace Fourteen.Engine.Answers;

/// <summary>What a generated token is.</summary>
public enum TokenRole
{
    /// <summary>A marker that opens or closes the thought: not shown.</summary>
    Marker,

    /// <summary>Part of the thought.</summary>
    Thought,

    /// <summary>Part of the answer.</summary>
    Answer,
}

/// <summary>
/// Follows a thought through the tokens of one sequence and closes it where a limit is reached. It looks at tokens
/// only: whether a thought is open is known from the prompt's, and an answer that merely quotes <c>&lt;think&gt;</c>
/// stays an answer, because a thought opens only with the first generated token and closes only once. One owner.
/// </summary>
/// <remarks>
/// Two limits close a thought. The budget counts the tokens between the markers. The reserve sees to it that an answer
/// has room under a limit of N generated tokens: min(1024, N/4) tokens stay for it. As a limit is a limit, the reserve
/// is not kept where nobody asked for a bounded thought and N is small (below 256), nor where the budget is not below
/// N, so that five tokens without a budget are five tokens of thought. A thought closes with Qwen's stop sentence, or
/// without a word where the sentence would take more than half of N; a budget of 0 gives the template's own empty
/// thought.
/// </remarks>
public sealed class ThinkingState
{
    /// <summary>Most tokens kept for the answer: a page, which is what an answer after long thought takes.</summary>
    private const int ReserveMax = 1024;

    /// <summary>Without a budget, limits below this are short on purpose (tests, probes, one-word answers).</summary>
    private const int LimitWithReserveMin = 256;

    private readonly ThinkingOptions _options;
    private readonly int? _tokensMax;
    private readonly int? _reserve;
    private readonly int[] _closing;
    private int[] _forced = [];
    private int _forcedTaken;
    private Phase _phase;
    private bool _anySampled;
    private int _thoughtTokens;

    /// <param name="options">Without a problem.</param>
    /// <param name="tokensMax">Most generated tokens, or null.</param>
    /// <param name="prompt">The prompt's tokens: they tell whether the text goes on in an open thought.</param>
    /// <exception cref="ArgumentException">The options have a problem; the message names it.</exception>
    public ThinkingState(ThinkingOptions options, int? tokensMax, ReadOnlySpan<int> prompt)
    {
        if (options.FindProblem() is string problem)
            throw new ArgumentException(problem, nameof(options));
        _options = options;
        _tokensMax = tokensMax;
        bool keepsReserve = tokensMax >= LimitWithReserveMin || options.Budget < tokensMax;
        _reserve = keepsReserve && tokensMax is int most ? Math.Min(ReserveMax, most / 4) : null;
        bool sentenceFits = tokensMax is null || options.StopSentence.Count <= tokensMax / 2;
        _closing = [.. sentenceFits ? options.StopSentence : options.BareClosing];
        _phase = PhaseAfter(prompt);
        if (options.Budget == 0 && _phase != Phase.Answer)
            _forced = [.. _phase == Phase.Thought ? options.BareClosing : options.EmptyThought];
        else
            CloseWhereNeeded();
    }

    private enum Phase
    {
        /// <summary>The next token may open a thought.</summary>
        Start,
        Thought,
        Answer,
    }

    /// <summary>
    /// Tokens that must be appended next instead of sampled ones; each is then given to <see cref="Next"/> as well.
    /// Empty where the model is free.
    /// </summary>
    public ReadOnlySpan<int> ForcedTokens => _forced.AsSpan(_forcedTaken);

    /// <summary>
    /// Generated tokens that count towards the limit. What is forced before the first sampled token does not: it stands
    /// for what the template would have put into the prompt.
    /// </summary>
    public int TokensUsed { get; private set; }

    /// <summary>
    /// Whether a thought was closed among the generated tokens, so that newlines after it are the template's.
    /// </summary>
    public bool ThoughtClosed { get; private set; }

    /// <summary>Takes the token that was appended.</summary>
    /// <exception cref="InvalidOperationException">Another token than the forced one was appended.</exception>
    public TokenRole Next(int token)
    {
        bool isForced = _forcedTaken < _forced.Length;
        if (isForced && _forced[_forcedTaken++] != token)
            throw new InvalidOperationException($"Token {_forced[--_forcedTaken]} had to be appended, found {token}.");
        _anySampled |= !isForced;
        if (_anySampled)
            TokensUsed++;

        TokenRole role = Advance(token, isForced);
        CloseWhereNeeded();
        return role;
    }

    private TokenRole Advance(int token, bool isForced)
    {
        bool opens = token == _options.OpenToken && _options.CanThink;
        switch (_phase)
        {
            case Phase.Start when opens:
                _phase = Phase.Thought;
                return TokenRole.Marker;
            case Phase.Start:
                _phase = Phase.Answer;
                return TokenRole.Answer;
            case Phase.Thought when token == _options.CloseToken:
                _phase = Phase.Answer;
                ThoughtClosed = true;
                return TokenRole.Marker;
            case Phase.Thought when opens && _thoughtTokens == 0: // The prompt opened it, and the model again.
                return TokenRole.Marker;
            case Phase.Thought:
                _thoughtTokens += isForced ? 0 : 1;
                return TokenRole.Thought;
            default:
                return TokenRole.Answer;
        }
    }

    private void CloseWhereNeeded()
    {
        if (_phase != Phase.Thought || _forcedTaken < _forced.Length)
            return;
        bool budgetSpent = _thoughtTokens >= _options.Budget;
        bool limitNear = TokensUsed + _closing.Length + _reserve >= _tokensMax;
        if (!budgetSpent && !limitNear)
            return;
        _forced = _closing;
        _forcedTaken = 0;
    }

    /// <summary>The last marker after the last start of a message decides.</summary>
    private Phase PhaseAfter(ReadOnlySpan<int> prompt)
    {
        if (!_options.CanThink)
            return Phase.Answer;
        for (int i = prompt.Length - 1; i >= 0; i--)
        {
            if (prompt[i] == _options.OpenToken)
                return Phase.Thought;
            if (prompt[i] == _options.CloseToken)
                return Phase.Answer;
            if (prompt[i] == _options.MessageStartToken)
                break;
        }

        return Phase.Start;
    }
}
