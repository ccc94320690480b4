using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Answers;

/// <summary>
/// Turns the generated tokens of one sequence into thought, answer and calls of tools as they come: markers and control
/// tokens are left out, newlines around the thought are removed, and stop tokens, stop strings and limits end it. The
/// pieces joined are the same however the text falls into tokens. Pure: no clock, no I/O. One owner.
/// </summary>
/// <remarks>
/// The engine's loop: while <see cref="ForcedTokens"/> holds tokens append those, else a sampled one; give each to
/// <see cref="Append"/>; send the pieces; end at a reason. A loop that ends by itself calls <see cref="Finish"/>.
/// <para>
/// A token's text passes, in this order: thought or answer (by tokens), calls of tools, and for what is neither thought
/// nor call: newlines behind the thought, stop strings, white space around calls. So stop strings see answer text
/// alone; one that reaches into a call does not match.
/// </para>
/// <para>
/// A call inside an open thought ends the thought, once its marker, JSON and name are there; a thought that only
/// mentions the marker goes on. A thought that quotes a whole call does make it. The first <c>&lt;/think&gt;</c> behind
/// such a call closes the thought late and is not shown. Where a grammar binds the answer, the marker alone closes the
/// thought, of which it becomes the end.
/// </para>
/// </remarks>
public sealed class AnswerAssembler
{
    private readonly AnswerOptions _options;
    private readonly int[] _stopTokens;
    private readonly TokenText _text;
    private readonly ThinkingState _thinking;
    private readonly ToolCallParser? _calls;
    private readonly StopStrings _stopStrings;
    private readonly CallSpacing? _spacing;
    private NewlineTrimmer _thoughtNewlines;
    private NewlineTrimmer _answerNewlines = new(trimsStart: false, trimsEnd: false);
    private AnswerPart _part = AnswerPart.Answer;
    private int _callsComplete;
    private FinishReason? _finish;

    /// <param name="options">Without a problem.</param>
    /// <param name="text">Of this sequence alone; after <c>Flush</c> it must take further tokens.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <exception cref="ArgumentException">The options have a problem; the message names it.</exception>
    public AnswerAssembler(AnswerOptions options, TokenText text, ReadOnlySpan<int> prompt)
    {
        if (options.FindProblem() is string problem)
            throw new ArgumentException(problem, nameof(options));
        _options = options;
        _stopTokens = [.. options.StopTokens];
        _text = text;
        _thinking = new ThinkingState(options.Thinking, options.TokensMax, prompt);
        _calls = options.Tools?.Format.CreateParser(options.Tools.Names);
        _stopStrings = new StopStrings(options.StopStrings, options.ShowsStopString);
        _spacing = _calls is null ? null : new CallSpacing();
        bool goesOn = options.Thinking.ContinuesMessage && prompt.Length > 0
            && prompt[^1] != options.Thinking.OpenToken;
        _thoughtNewlines = new NewlineTrimmer(trimsStart: !goesOn, trimsEnd: true);
        // A grammar lets newlines come where a thought might have ended.
        if (options.IsConstrained && _thinking.MayOpen)
            _answerNewlines = new NewlineTrimmer(trimsStart: true, trimsEnd: false);
    }

    /// <summary>Tokens that must be appended next instead of sampled ones, to close a thought.</summary>
    public ReadOnlySpan<int> ForcedTokens => _thinking.ForcedTokens;

    /// <summary>Generated tokens, the stop token included (see <see cref="ThinkingState.TokensUsed"/>).</summary>
    public int TokensUsed => _thinking.TokensUsed;

    /// <summary>Those of them between the markers of a thought, drawn ones alone.</summary>
    public int ThoughtTokens => _thinking.ThoughtTokens;

    /// <summary>
    /// Whether the next token may be one that ends the answer; else the sampler must not draw it. Stop strings count
    /// from the same token on.
    /// </summary>
    public bool EndAllowed => TokensUsed >= _options.TokensMin;

    /// <summary>
    /// Whether the next sampled token is part of the answer, so that a constraint on answers binds it; in a thought it
    /// is free. Where <see cref="OpeningToken"/> is not null, that token is allowed besides.
    /// </summary>
    public bool NextIsAnswer => !_thinking.IsInThought;

    /// <summary>The token that opens a thought where the next token may be it, else null.</summary>
    public int? OpeningToken => _thinking.MayOpen ? _options.Thinking.OpenToken : null;

    /// <summary>Whether the text stands inside a call of a tool: its marker is complete, its JSON is not.</summary>
    public bool InToolCall => _calls?.IsCallOpen ?? false;

    /// <summary>A copy of what was written of the call in which the text stands, from its marker on; else empty.
    /// </summary>
    public string OpenToolCall => _calls?.OpenCall ?? "";

    /// <summary>Calls that are complete.</summary>
    public int ToolCallsComplete => _callsComplete;

    /// <summary>How long a thought may take, for who runs the clock; see <see cref="CloseThought"/>.</summary>
    public TimeSpan? ThoughtTimeMax => _options.Thinking.TimeMax;

    /// <summary>The stop string that ended the answer, or null.</summary>
    public string? StopString => _stopStrings.Match;

    /// <summary>What the client should know of calls that are none or were cut off: a few sentences at most.
    /// </summary>
    public IReadOnlyList<string> Warnings => _calls?.Warnings ?? [];

    /// <summary>Closes the thought that is open, or opens yet, from the next token on; twice is the same.</summary>
    public void CloseThought() => _thinking.Close();

    /// <summary>Takes the token that was appended to the sequence.</summary>
    /// <param name="deltas">Gets the pieces that may be shown now, if any.</param>
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
            EndPart(isCut: false, deltas); // What is unfinished in front of a marker belongs to what came before it.
            if (_thinking.ThoughtClosed)
                _answerNewlines = new NewlineTrimmer(trimsStart: true, trimsEnd: false);
        }
        else
        {
            _part = role == TokenRole.Thought ? AnswerPart.Thought : AnswerPart.Answer;
            if (!_text.IsControl(token))
                Show(_text.Append(token), deltas);
            else if (_options.Tools is { } tools && tools.ControlMarkers.TryGetValue(token, out string? marker))
                Show(_text.Flush() + marker, deltas);
        }

        if (_calls is { IsCallOpen: true } && _options.IsConstrained && _thinking.IsInThought)
            _thinking.CloseForCall();
        else if (_calls is not null)
            _thinking.FollowCall(_calls.IsCallOpen);
        if (_finish is null && TokensUsed >= _options.TokensMax)
            return Finish(FinishReason.Length, deltas);
        return _finish;
    }

    /// <summary>
    /// Ends an answer: gives the text that was held back. A loop calls it where the end comes from outside (no room in
    /// the context, cancelled), with <see cref="FinishReason.Length"/>: what might have become a call is then left out,
    /// so that the pieces are a true beginning.
    /// </summary>
    /// <returns>
    /// The given reason; Stop where the last characters complete a stop string; ToolCalls instead of Stop where the
    /// model has called tools.
    /// </returns>
    public FinishReason Finish(FinishReason reason, List<AnswerDelta> deltas)
    {
        if (_finish is FinishReason earlier)
            return earlier;
        bool isCut = reason == FinishReason.Length;
        EndPart(isCut, deltas);
        if (_finish is null)
            EndAnswerText(isCut, deltas);
        bool called = reason == FinishReason.Stop && _callsComplete > 0;
        _finish ??= called ? FinishReason.ToolCalls : reason;
        return _finish.Value;
    }

    /// <summary>The thought or the answer ends here: what waits for more of it does so in vain.</summary>
    private void EndPart(bool isCut, List<AnswerDelta> deltas)
    {
        Show(_text.Flush(), deltas);
        if (_calls is not null && _finish is null)
            Take(_calls.End(isCut), deltas);
    }

    private void Show(string text, List<AnswerDelta> deltas)
    {
        if (text.Length == 0)
            return;
        bool mayCall = _part == AnswerPart.Answer || _options.Tools?.Format.CallsEndThoughts == true;
        if (_calls is not null && mayCall)
            Take(_calls.Append(text), deltas);
        else
            ShowText(text, deltas);
    }

    private void Take(List<AnswerDelta> pieces, List<AnswerDelta> deltas)
    {
        foreach (AnswerDelta piece in pieces)
        {
            if (piece.Part == AnswerPart.Answer)
                ShowText(piece.Text, deltas);
            else
                ShowCall(piece, deltas);
            if (_finish is not null)
                return;
        }
    }

    private void ShowText(string text, List<AnswerDelta> deltas)
    {
        if (_part == AnswerPart.Thought)
        {
            Add(AnswerPart.Thought, _thoughtNewlines.Append(text), deltas);
            return;
        }

        text = _answerNewlines.Append(text);
        StopResult result = TokensUsed < _options.TokensMin ? new StopResult(text, false) : _stopStrings.Append(text);
        AddAnswer(result.Text, deltas);
        if (!result.Stopped)
            return;
        _finish = FinishReason.Stop;
        Add(AnswerPart.Answer, _spacing?.End() ?? "", deltas);
    }

    private void ShowCall(AnswerDelta piece, List<AnswerDelta> deltas)
    {
        if (piece.Part == AnswerPart.CallName)
        {
            if (_part == AnswerPart.Thought)
                _thinking.EndByCall();
            _part = AnswerPart.Answer;
            AddAnswer(_stopStrings.Flush(), deltas); // No stop string reaches into a call.
            _spacing?.Call();
        }

        deltas.Add(piece);
        if (piece.Part == AnswerPart.CallEnd && ++_callsComplete >= _options.Tools?.CallsMax)
            _finish = FinishReason.ToolCalls;
    }

    private void EndAnswerText(bool isCut, List<AnswerDelta> deltas)
    {
        AddAnswer(_stopStrings.Flush(), deltas);
        if (!isCut)
            Add(AnswerPart.Answer, _spacing?.End() ?? "", deltas);
    }

    private void AddAnswer(string text, List<AnswerDelta> deltas) =>
        Add(AnswerPart.Answer, _spacing?.Append(text) ?? text, deltas);

    private static void Add(AnswerPart part, string text, List<AnswerDelta> deltas)
    {
        if (text.Length > 0)
            deltas.Add(new AnswerDelta(part, text));
    }
}
