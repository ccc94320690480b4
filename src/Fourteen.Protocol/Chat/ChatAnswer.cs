using System.Text;

namespace Fourteen.Protocol.Chat;

/// <summary>A tool call as it was generated.</summary>
/// <param name="Arguments">JSON text; cut off where the answer was.</param>
public sealed record GeneratedCall(string Id, string Name, string Arguments);

/// <summary>One answer, whole.</summary>
public sealed record ChatChoice
{
    public required string Text { get; init; }

    public required string Thought { get; init; }

    public required IReadOnlyList<GeneratedCall> ToolCalls { get; init; }

    public required FinishReason Reason { get; init; }

    public required string? StopString { get; init; }

    /// <summary>Empty where none were asked for.</summary>
    public required IReadOnlyList<ScoredToken> Tokens { get; init; }
}

/// <summary>All that came of a request, whole.</summary>
public sealed record ChatAnswer(
    IReadOnlyList<ChatChoice> Choices, Usage Usage, IReadOnlyList<Notice> Notices,
    IReadOnlyList<ScoredToken>? PromptTokens);

/// <summary>Gathers the events of a stream: an answer that is not streamed is the same stream, read to its end.
/// </summary>
public static class ChatEvents
{
    public static async Task<ChatAnswer> CollectAsync(this IAsyncEnumerable<ChatEvent> events,
        CancellationToken cancellation)
    {
        var choices = new SortedDictionary<int, Gathering>();
        var notices = new List<Notice>();
        IReadOnlyList<ScoredToken>? prompt = null;
        await foreach (ChatEvent item in events.WithCancellation(cancellation).ConfigureAwait(false))
        {
            switch (item)
            {
                case Notice notice:
                    notices.Add(notice);
                    break;
                case PromptScored scored:
                    prompt = scored.Tokens;
                    break;
                case Completed completed:
                    ChatChoice[] done = [.. choices.Values.Select(choice => choice.ToChoice())];
                    return new ChatAnswer(done, completed.Usage, notices, prompt);
                case Started or PromptProgress:
                    break;
                default:
                    if (!choices.TryGetValue(item.Choice, out Gathering? gathering))
                        choices.Add(item.Choice, gathering = new Gathering());
                    gathering.Add(item);
                    break;
            }
        }

        throw new InvalidOperationException("The stream of events ended before its last event.");
    }

    private sealed class Gathering
    {
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _thought = new();
        private readonly SortedDictionary<int, (string Id, string Name, StringBuilder Arguments)> _calls = [];
        private readonly List<ScoredToken> _tokens = [];
        private Finished? _end;

        internal void Add(ChatEvent item)
        {
            switch (item)
            {
                case TextDelta delta:
                    _text.Append(delta.Text);
                    break;
                case ThoughtDelta delta:
                    _thought.Append(delta.Text);
                    break;
                case ToolCallStarted call:
                    _calls[call.Index] = (call.Id, call.Name, new StringBuilder());
                    break;
                case ToolCallDelta delta:
                    _calls[delta.Index].Arguments.Append(delta.Arguments);
                    break;
                case ToolCallBroken broken:
                    _calls.Remove(broken.Index);
                    break;
                case TokensScored scored:
                    _tokens.AddRange(scored.Tokens);
                    break;
                case Finished end:
                    _end = end;
                    break;
            }
        }

        internal ChatChoice ToChoice() => new()
        {
            Text = _text.ToString(),
            Thought = _thought.ToString(),
            ToolCalls =
            [
                .. _calls.Values.Select(call => new GeneratedCall(call.Id, call.Name, call.Arguments.ToString())),
            ],
            Reason = _end?.Reason ?? throw new InvalidOperationException("A choice has no end."),
            StopString = _end.StopString,
            Tokens = _tokens,
        };
    }
}
