namespace Fourteen.Engine.Answers;

/// <summary>
/// Turns the generated tokens of one sequence into thought and answer as they come: markers and control tokens are left
/// out, newlines around the thought are removed, and stop tokens, stop strings and the limit of tokens end it. The
/// pieces joined are the same however the text falls into tokens. Pure: no clock, no I/O. One owner.
/// </summary>
/// <remarks>
/// The engine's loop: while <see cref="ForcedTokens"/> holds tokens append those, else a sampled one; give each to
/// <see cref="Append"/>; send the pieces; end at a reason. A loop that ends by itself calls <see cref="Finish"/>.
/// </remarks>
public sealed class AnswerAssembler
{
    private readonly int[] _stopTokens;
    private readonly int? _tokensMax;
    private readonly TokenText _text;
    private readonly ThinkingState _thinking;
    private readonly StopStrings _stopStrings;
    private NewlineTrimmer _thoughtNewlines = new(trimsStart: true, trimsEnd: true);
    private NewlineTrimmer _answerNewlines = new(trimsStart: false, trimsEnd: false);
    private AnswerPart _part = AnswerPart.Answer;
    private FinishReason? _finish;

    /// <param name="options">Without a problem.</param>
    /// <param name="text">Of this sequence alone; after <c>Flush</c> it must take further tokens.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <exception cref="ArgumentException">The options have a problem; the message names it.</exception>
    public AnswerAssembler(AnswerOptions options, TokenText text, ReadOnlySpan<int> prompt)
    {
        if (options.FindProblem() is string problem)
            throw new ArgumentException(problem, nameof(options));
        _stopTokens = [.. options.StopTokens];
        _tokensMax = options.TokensMax;
        _text = text;
        _thinking = new ThinkingState(options.Thinking, options.TokensMax, prompt);
        _stopStrings = new StopStrings(options.StopStrings);
    }

    /// <summary>Tokens that must be appended next instead of sampled ones, to close a thought.</summary>
    public ReadOnlySpan<int> ForcedTokens => _thinking.ForcedTokens;

    /// <summary>Generated tokens, the stop token included (see <see cref="ThinkingState.TokensUsed"/>).</summary>
    public int TokensUsed => _thinking.TokensUsed;

    /// <summary>The stop string that ended the answer, or null.</summary>
    public string? StopString => _stopStrings.Match;

    /// <summary>Takes the token that was appended to the sequence.</summary>
    /// <param name="deltas">Gets the text that may be shown now, if any.</param>
    /// <returns>Why the answer has ended, or null while it goes on.</returns>
    /// <exception cref="InvalidOperationException">
    /// The answer had ended, or another token than the forced one was appended.
    /// </exception>
    public FinishReason? Append(int token, List<AnswerDelta> deltas)
    {
        if (_finish is not null)
            throw new InvalidOperationException($"Token {token} came after the answer had ended.");
        TokenRole role = _thinking.Next(token);
        if (Array.IndexOf(_stopTokens, token) >= 0)
            return Finish(FinishReason.Stop, deltas);
        if (role == TokenRole.Marker)
        {
            Show(_text.Flush(), deltas); // A character cut off by a forced marker belongs to what came before it.
            if (_thinking.ThoughtClosed)
                _answerNewlines = new NewlineTrimmer(trimsStart: true, trimsEnd: false);
        }
        else
        {
            _part = role == TokenRole.Thought ? AnswerPart.Thought : AnswerPart.Answer;
            if (!_text.IsControl(token))
                Show(_text.Append(token), deltas);
        }

        if (_finish is null && TokensUsed >= _tokensMax)
            return Finish(FinishReason.Length, deltas);
        return _finish;
    }

    /// <summary>
    /// Ends an answer from outside (no room in the context, cancelled): gives the text that was held back.
    /// </summary>
    /// <returns>The given reason, or Stop where the last characters complete a stop string.</returns>
    public FinishReason Finish(FinishReason reason, List<AnswerDelta> deltas)
    {
        if (_finish is FinishReason earlier)
            return earlier;
        Show(_text.Flush(), deltas);
        Add(AnswerPart.Answer, _stopStrings.Flush(), deltas);
        _finish ??= reason;
        return _finish.Value;
    }

    private void Show(string text, List<AnswerDelta> deltas)
    {
        if (text.Length == 0)
            return;
        if (_part == AnswerPart.Thought)
        {
            Add(AnswerPart.Thought, _thoughtNewlines.Append(text), deltas);
            return;
        }

        StopResult result = _stopStrings.Append(_answerNewlines.Append(text));
        Add(AnswerPart.Answer, result.Text, deltas);
        if (result.Stopped)
            _finish = FinishReason.Stop;
    }

    private static void Add(AnswerPart part, string text, List<AnswerDelta> deltas)
    {
        if (text.Length > 0)
            deltas.Add(new AnswerDelta(part, text));
    }
}
