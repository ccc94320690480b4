using System.Threading.Channels;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Sampling;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Scheduling;

/// <summary>What a generation took; times on the engine's clock.</summary>
/// <param name="CompletionTokens">Tokens that were appended to the prompt.</param>
/// <param name="CachedTokens">Tokens of the prompt whose keys and values were in the cache.</param>
/// <param name="QueueTime">From the request to the first step with it.</param>
/// <param name="PrefillTime">From there to the first token.</param>
/// <param name="DecodeTime">From the first token to the last.</param>
public sealed record GenerationResult(
    FinishReason Reason, int CompletionTokens, int CachedTokens, TimeSpan QueueTime, TimeSpan PrefillTime,
    TimeSpan DecodeTime)
{
    /// <summary>From the request to the first token.</summary>
    public TimeSpan TimeToFirstToken => QueueTime + PrefillTime;

    /// <summary>Those of <see cref="CompletionTokens"/> that are thought.</summary>
    public int ThoughtTokens { get; init; }

    /// <summary>The stop string that ended the answer, or null.</summary>
    public string? StopString { get; init; }

    /// <summary>What the client should know of calls that are none or were cut off.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>
/// What an answer sends: a piece of it, or one of what else there is to tell, whose field is then not null.
/// </summary>
public readonly record struct GenerationEvent
{
    public AnswerDelta Delta { get; init; }

    /// <summary>The last event.</summary>
    public GenerationResult? End { get; init; }

    /// <summary>Tokens of the prompt that are computed.</summary>
    public int? PromptComputed { get; init; }

    /// <summary>The score of a token that was drawn; comes before what it shows.</summary>
    public TokenScore? Score { get; init; }

    /// <summary>Scores of the whole prompt.</summary>
    public TokenScore[]? PromptScores { get; init; }
}

/// <summary>
/// Draws a sequence's tokens, follows thought and answer in them, and sends the text as it becomes certain.
/// </summary>
internal sealed class GenerationConsumer : ISequenceConsumer
{
    /// <summary>Pieces that wait for a slow reader before its sequence is parked; one step sends far fewer.</summary>
    private const int RoomNeeded = 256;

    private readonly Sampler _sampler;
    private readonly AnswerAssembler _answer;
    private readonly TokenFilter _filter;
    private readonly TokenScores _scores;
    private readonly int _context;
    private readonly TimeProvider _clock;
    private readonly Channel<GenerationEvent> _outbox = Channel.CreateBounded<GenerationEvent>(2 * RoomNeeded);
    private readonly List<AnswerDelta> _deltas = [];
    private readonly long _started;
    private long _firstToken;
    private long _lastToken;
    private int _sampled;
    private FinishReason? _reason;

    /// <param name="context">Positions that the sequence may fill.</param>
    internal GenerationConsumer(
        Sampler sampler, AnswerAssembler answer, TokenFilter filter, TokenScores scores, int context,
        TimeProvider clock)
    {
        _sampler = sampler;
        _answer = answer;
        _filter = filter;
        _scores = scores;
        _context = context;
        _clock = clock;
        _started = clock.GetTimestamp();
    }

    internal ChannelReader<GenerationEvent> Events => _outbox.Reader;

    public bool HasRoom => _outbox.Reader.Count < RoomNeeded;

    public bool WantsLogits(int position, int known) =>
        position == known - 1 || (!_scores.PromptTaken && _scores.WantsPrompt(position));

    public void TakeRow(int position, Span<float> logits)
    {
        if (_scores.WantsPrompt(position))
        {
            _scores.TakePromptRow(position, logits);
            return;
        }

        _scores.TakeRow(logits);
        _filter.Apply(logits);
        _sampled = _sampler.Sample(logits, (ulong)position);
    }

    /// <summary>
    /// Appends what must be said before anything is drawn, such as an empty thought; called once. Returns whether that
    /// was all there is room for.
    /// </summary>
    internal bool Begin(Sequence sequence)
    {
        AppendForced(sequence);
        _firstToken = 0; // The first token is one that was computed.
        Send();
        return _reason is not null;
    }

    public bool Commit(Sequence sequence)
    {
        if (sequence.TokensComputed < sequence.Tokens.Count)
        {
            // After a preemption the answer has begun, and nobody asks how far its recomputation is.
            if (_firstToken == 0)
                _outbox.Writer.TryWrite(new GenerationEvent { PromptComputed = sequence.TokensComputed });
            return false;
        }

        if (_scores.TakePrompt() is { } prompt)
            _outbox.Writer.TryWrite(new GenerationEvent { PromptScores = prompt });
        if (_scores.Of(_sampled) is { } score)
            _outbox.Writer.TryWrite(new GenerationEvent { Score = score });
        _filter.Accept(_sampled);
        Append(sequence, _sampled);
        if (_answer.ThoughtTimeMax is { } most && _clock.GetElapsedTime(_firstToken, _lastToken) >= most)
            _answer.CloseThought();
        AppendForced(sequence);
        if (_reason is null && _filter.IsComplete)
            _reason = _answer.Finish(FinishReason.Stop, _deltas);
        Send();
        return _reason is not null;
    }

    public void End(Sequence sequence, Exception? fault)
    {
        if (fault is null && _reason is { } reason)
        {
            long first = _firstToken == 0 ? _lastToken : _firstToken;
            long scheduled = sequence.FirstScheduled ?? first;
            var result = new GenerationResult(
                reason, _answer.TokensUsed, sequence.CachedTokens ?? 0, _clock.GetElapsedTime(_started, scheduled),
                _clock.GetElapsedTime(scheduled, first), _clock.GetElapsedTime(first, _lastToken))
            {
                ThoughtTokens = _answer.ThoughtTokens,
                StopString = _answer.StopString,
                Warnings = _answer.Warnings,
            };
            _outbox.Writer.TryWrite(new GenerationEvent { End = result });
        }

        // Logits that nothing can be drawn from come of the weights or of the request, not of a fault of ours.
        if (fault is SamplingException)
            fault = new RequestException("sampling", fault.Message);
        _outbox.Writer.TryComplete(fault);
    }

    private void AppendForced(Sequence sequence)
    {
        while (_reason is null && _answer.ForcedTokens.Length > 0)
            Append(sequence, _answer.ForcedTokens[0]);
    }

    private void Append(Sequence sequence, int token)
    {
        _lastToken = _clock.GetTimestamp();
        if (_firstToken == 0)
            _firstToken = _lastToken;
        sequence.Tokens.Add(token);
        _sampler.Accept(token);
        _reason = _answer.Append(token, _deltas);
        if (_reason is null && sequence.Tokens.Count >= _context)
            _reason = _answer.Finish(FinishReason.Length, _deltas);
    }

    private void Send()
    {
        foreach (AnswerDelta delta in _deltas)
            _outbox.Writer.TryWrite(new GenerationEvent { Delta = delta }); // HasRoom held before this step.
        _deltas.Clear();
    }
}
