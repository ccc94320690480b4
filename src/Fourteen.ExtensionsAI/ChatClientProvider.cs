using System.Runtime.CompilerServices;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;

namespace Fourteen.ExtensionsAI;

/// <summary>
/// <see cref="IProvider"/> over any <see cref="IChatClient"/>: a model that a .NET program reaches by that interface
/// answers like one of ours. Any thread may call it where the client allows that. It owns nothing. Exceptions of the
/// client's own pass through.
/// </summary>
/// <param name="clock">Measures what <see cref="Usage"/> says of times.</param>
public sealed class ChatClientProvider(IChatClient client, TimeProvider clock) : IProvider
{
    /// <summary>
    /// Streams the answer. <see cref="Started.PromptTokens"/> is 0, as a client counts tokens at its end; of the seed
    /// <see cref="Usage"/> has what the client tells of it, else what was asked for, else 0.
    /// </summary>
    public async IAsyncEnumerable<ChatEvent> StreamAsync(
        ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (List<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions options) = ClientMapping.ToClient(request);
        var stream = new ClientStream(clock.GetTimestamp(), request.Sampling.Seed);
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, cancellation)
            .ConfigureAwait(false))
        {
            if (stream.Begin() is { } started)
                yield return started;
            foreach (ChatEvent item in stream.Read(update, clock))
                yield return item;
        }

        if (stream.Begin() is { } startedLate)
            yield return startedLate;
        foreach (ChatEvent item in stream.Finish())
            yield return item;
        yield return new Completed(stream.ToUsage(clock));
    }

    /// <summary>What is known of an answer while it comes.</summary>
    private sealed class ClientStream(long startedAt, ulong? seed)
    {
        private readonly UsageDetails _usage = new();
        private long? _firstAt;
        private bool _hasBegun;
        private readonly List<FunctionCallContent> _calls = [];
        private ChatFinishReason? _reason;
        private ulong _seed = seed ?? 0;

        internal Started? Begin()
        {
            if (_hasBegun)
                return null;
            _hasBegun = true;
            return new Started(0);
        }

        internal IEnumerable<ChatEvent> Read(ChatResponseUpdate update, TimeProvider clock)
        {
            _reason = update.FinishReason ?? _reason;
            if (update.AdditionalProperties?.TryGetValue(ProviderChatClient.SeedKey, out object? told) == true
                && told is ulong drawn)
            {
                _seed = drawn;
            }

            foreach (AIContent content in update.Contents)
            {
                if (content is UsageContent used)
                    _usage.Add(used.Details);
                foreach (ChatEvent item in ToEvents(content))
                {
                    _firstAt ??= clock.GetTimestamp();
                    yield return item;
                }
            }
        }

        /// <summary>
        /// None for what is no part of an answer. Calls wait for its end: a client that serves them itself tells of
        /// each before it does so.
        /// </summary>
        private IEnumerable<ChatEvent> ToEvents(AIContent content)
        {
            switch (content)
            {
                case TextReasoningContent { Text.Length: > 0 } thought:
                    yield return new ThoughtDelta(thought.Text);
                    break;
                case TextContent { Text.Length: > 0 } text:
                    yield return new TextDelta(text.Text);
                    break;
                case FunctionCallContent call:
                    _calls.Add(call);
                    break;
                case FunctionResultContent served:
                    _calls.RemoveAll(call => call.CallId == served.CallId);
                    break;
                case ErrorContent error:
                    yield return new Notice(error.ErrorCode ?? "error", error.Message ?? "the client tells of an error");
                    break;
                case DataContent or UriContent:
                    throw new RequestException(
                        "messages", $"the answer holds {content.GetType().Name}, but answers are text alone here");
            }
        }

        /// <summary>The calls that are left to the caller, and the end.</summary>
        internal IEnumerable<ChatEvent> Finish()
        {
            _calls.RemoveAll(call => call.InformationalOnly);
            for (int i = 0; i < _calls.Count; i++)
            {
                yield return new ToolCallStarted(i, _calls[i].CallId, _calls[i].Name);
                yield return new ToolCallDelta(i, RequestMapping.ToJson(_calls[i].Arguments).ToJsonString());
                yield return new ToolCallEnded(i);
            }

            yield return new Finished(
                _reason == ChatFinishReason.Length ? FinishReason.Length
                : _calls.Count > 0 ? FinishReason.ToolCalls
                : FinishReason.Stop,
                StopString: null);
        }

        internal Usage ToUsage(TimeProvider clock)
        {
            long now = clock.GetTimestamp();
            long first = _firstAt ?? now;
            return new Usage
            {
                PromptTokens = Count(_usage.InputTokenCount),
                CompletionTokens = Count(_usage.OutputTokenCount),
                CachedTokens = Count(_usage.CachedInputTokenCount),
                ThoughtTokens = Count(_usage.ReasoningTokenCount),
                TimeToFirstToken = clock.GetElapsedTime(startedAt, first),
                DecodeTime = clock.GetElapsedTime(first, now),
                Seed = _seed,
            };
        }

        private static int Count(long? tokens) => (int)Math.Clamp(tokens ?? 0, 0, int.MaxValue);
    }
}
