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
/// Three limits close a thought. The budget counts the tokens between the markers. The deadline comes from outside, as
/// <see cref="Close"/>. The reserve sees to it that an answer has room under a limit of N generated tokens: as many as
/// were asked for, or min(1024, N/4). As a limit is a limit, the reserve that nobody asked for is not kept where nobody
/// asked for a bounded thought and N is small (below 256), nor where the budget is not below N, so that five tokens
/// without a budget are five tokens of thought. A thought closes with Qwen's stop sentence, or without a word where the
/// sentence would take more than half of the room or is not wanted; a budget of 0 gives the template's own empty
/// thought, and so does a reserve that leaves no room for a thought.
/// </remarks>
public sealed class ThinkingState
{
    /// <summary>Most tokens kept for the answer: a page, which is what an answer after long thought takes.</summary>
    private const int ReserveMax = 1024;

    /// <summary>Without a budget, limits below this are short on purpose (tests, probes, one-word answers).</summary>
    private const int LimitWithReserveMin = 256;

    /// <summary>
    /// Tokens for which budget and deadline wait while a call seems to begin in the thought: a marker and a name take
    /// about twenty, and what takes longer is thought about calls.
    /// </summary>
    private const int CallWaitMax = 64;

    private readonly ThinkingOptions _options;
    private readonly int? _tokensMax;
    private readonly int? _reserve;
    private readonly int[] _closing;
    private int[] _forced = [];
    private int _forcedTaken;
    private Phase _phase;
    private bool _anySampled;
    private int _thoughtTokens;
    private bool _mustClose;
    private bool _callIsOpen;
    private int _callTokens;
    private bool _endedByCall;

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
        _reserve = options.AnswerTokensMin switch
        {
            null => AutomaticReserve(),
            0 => null,
            int asked => asked,
        };
        int? room = tokensMax - (options.AnswerTokensMin ?? 0);
        bool sentenceFits = room is null || options.StopSentence.Count <= room / 2;
        bool saysWhy = options.Closing == ThoughtClosing.Sentence && sentenceFits;
        _closing = [.. saysWhy ? options.StopSentence : options.BareClosing];
        _phase = PhaseAfter(prompt);
        int markers = options.BareClosing.Count + (_phase == Phase.Start ? 1 : 0);
        bool hasNoRoom = options.AnswerTokensMin > 0 && markers > room;
        bool isUnwanted = options.Budget == 0 || options.TimeMax == TimeSpan.Zero || hasNoRoom;
        if (isUnwanted && _phase != Phase.Answer)
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

    /// <summary>Tokens of the thought that were drawn.</summary>
    public int ThoughtTokens => _thoughtTokens;

    /// <summary>
    /// Whether a thought was closed among the generated tokens, so that newlines after it are the template's.
    /// </summary>
    public bool ThoughtClosed { get; private set; }

    /// <summary>Whether a thought is open: the next token belongs to it or closes it.</summary>
    public bool IsInThought => _phase == Phase.Thought;

    /// <summary>Whether the next token may be the one that opens a thought.</summary>
    public bool MayOpen => _phase == Phase.Start && _options.CanThink;

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

    /// <summary>Time is up: closes the thought that is open, or that opens yet.</summary>
    public void Close()
    {
        _mustClose = true;
        CloseWhereNeeded();
    }

    /// <summary>A call begins in the thought, and its place is behind it: closes the thought without a word.</summary>
    public void CloseForCall()
    {
        if (_phase != Phase.Thought || _forcedTaken < _forced.Length)
            return;
        _forced = [.. _options.BareClosing];
        _forcedTaken = 0;
    }

    /// <summary>
    /// Tells whether the text stands in what seems to be a call, after each token. Inside a thought, budget and
    /// deadline wait for it to become one, lest their words end up in it.
    /// </summary>
    public void FollowCall(bool isOpen)
    {
        bool begins = isOpen && !_callIsOpen;
        _callIsOpen = isOpen;
        if (_phase != Phase.Thought)
            return;
        if (begins)
            _callTokens = 0;
        if (begins && _forcedTaken == 0 && _anySampled)
            _forced = []; // The token that completed the marker may have reached a limit as well.
        CloseWhereNeeded();
    }

    /// <summary>A call inside the thought is one: it ends the thought.</summary>
    public void EndByCall()
    {
        _phase = Phase.Answer;
        _endedByCall = true;
        (_forced, _forcedTaken) = ([], 0);
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
                _callTokens++;
                return TokenRole.Thought;
            case Phase.Answer when _endedByCall && !_callIsOpen && token == _options.CloseToken:
                _endedByCall = false; // The model closes the thought in which it called.
                ThoughtClosed = true;
                return TokenRole.Marker;
            default:
                return TokenRole.Answer;
        }
    }

    private void CloseWhereNeeded()
    {
        if (_phase != Phase.Thought || _forcedTaken < _forced.Length)
            return;
        bool waits = _callIsOpen && _callTokens < CallWaitMax;
        bool limitReached = (_mustClose || _thoughtTokens >= _options.Budget) && !waits;
        bool limitNear = TokensUsed + _closing.Length + _reserve >= _tokensMax;
        if (!limitReached && !limitNear)
            return;
        _forced = _closing;
        _forcedTaken = 0;
    }

    private int? AutomaticReserve() =>
        _tokensMax is int most && (most >= LimitWithReserveMin || _options.Budget < most)
            ? Math.Min(ReserveMax, most / 4)
            : null;

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

        return _options.ContinuesMessage ? Phase.Answer : Phase.Start;
    }
}
