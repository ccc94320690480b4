using Fourteen.Engine.Sampling;

namespace Fourteen.Engine.Scheduling;

/// <summary>What the model said of a token, before any sampling option, and of the likeliest at its place.</summary>
/// <param name="Logprob">Null for the first token of a prompt.</param>
public readonly record struct TokenScore(int Id, double? Logprob, TokenLogprob[] Top);

/// <summary>
/// Log-probabilities of drawn tokens, and of a prompt's where they are wanted. Rows of a prompt may come from several
/// workers at once.
/// </summary>
internal sealed class TokenScores
{
    private readonly int? _top;
    private readonly int _promptTop;
    private readonly TokenScore[]? _prompt;
    private readonly int[] _tokens;
    private float[] _row = [];
    private TokenLogprob[] _likely = [];

    /// <param name="top">Likely tokens at each place of the answer; null for no scores at all.</param>
    /// <param name="promptTop">The same for the prompt.</param>
    internal TokenScores(int? top, int? promptTop, int[] prompt)
    {
        _top = top;
        _promptTop = promptTop ?? 0;
        _tokens = prompt;
        if (promptTop is null)
            return;
        _prompt = new TokenScore[prompt.Length];
        _prompt[0] = new TokenScore(prompt[0], null, []);
    }

    internal bool WantsPrompt(int position) => _prompt is not null && position < _prompt.Length - 1;

    /// <summary>Of the whole prompt, once; null where they are not wanted or were taken.</summary>
    internal TokenScore[]? TakePrompt()
    {
        bool isFirst = _prompt is not null && !PromptTaken;
        PromptTaken = true;
        return isFirst ? _prompt : null;
    }

    internal bool PromptTaken { get; private set; }

    /// <summary>Takes the row at a position of the prompt, which tells of the token behind it.</summary>
    internal void TakePromptRow(int position, ReadOnlySpan<float> logits)
    {
        int token = _tokens[position + 1];
        Span<double> logprob = [0];
        Logprobs.Of(logits, [token], logprob);
        _prompt![position + 1] = new TokenScore(token, logprob[0], Logprobs.Top(logits, _promptTop)); // It is wanted.
    }

    /// <summary>Takes the row that a token is drawn from, before anything changes it.</summary>
    internal void TakeRow(ReadOnlySpan<float> logits)
    {
        if (_top is not { } top)
            return;
        if (_row.Length == 0)
            _row = new float[logits.Length];
        logits.CopyTo(_row);
        _likely = Logprobs.Top(logits, top);
    }

    /// <summary>The score of what was drawn from the newest row; null where none is wanted.</summary>
    internal TokenScore? Of(int token)
    {
        if (_top is null)
            return null;
        Span<double> logprob = [0];
        Logprobs.Of(_row, [token], logprob);
        return new TokenScore(token, logprob[0], _likely);
    }
}
