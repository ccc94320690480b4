using System.Runtime.CompilerServices;
using Fourteen.Protocol.Chat;
using Microsoft.Extensions.AI;

namespace Fourteen.ExtensionsAI;

/// <summary>
/// <see cref="IChatClient"/> over any <see cref="IProvider"/>, so that a .NET program has the engine, or whatever
/// stands before it, behind the interface that it knows. Any thread may call it, several at once. It owns nothing:
/// disposing of it leaves the provider as it is.
/// </summary>
/// <param name="modelId">What responses call the model; null for what a request names.</param>
public sealed class ProviderChatClient(IProvider provider, string? modelId = null) : IChatClient
{
    /// <summary>Under this key of the additional properties the seed of an answer stands.</summary>
    public const string SeedKey = "seed";

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatRequest request = RequestMapping.ToRequest(messages, options);
        string id = $"chatcmpl-{Guid.NewGuid():N}";
        var calls = new Dictionary<int, (ToolCallStarted Start, System.Text.StringBuilder Arguments)>();
        await foreach (ChatEvent item in provider.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (item is ToolCallStarted start)
                calls[start.Index] = (start, new System.Text.StringBuilder());
            else if (item is ToolCallDelta delta)
                calls[delta.Index].Arguments.Append(delta.Arguments);
            else if (ToUpdate(item, calls) is { } update)
            {
                update.ResponseId = update.MessageId = id;
                update.ModelId = request.Model ?? modelId;
                yield return update;
            }
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return new ChatClientMetadata("fourteen", defaultModelId: modelId);
        if (serviceType.IsInstanceOfType(this))
            return this;
        return serviceType.IsInstanceOfType(provider) ? provider : null;
    }

    public void Dispose()
    {
    }

    /// <summary>Null for events that this interface has no word for. A call is told when it is complete.</summary>
    private static ChatResponseUpdate? ToUpdate(
        ChatEvent item, Dictionary<int, (ToolCallStarted Start, System.Text.StringBuilder Arguments)> calls) =>
        item switch
        {
            TextDelta delta => new ChatResponseUpdate(ChatRole.Assistant, delta.Text),
            ThoughtDelta delta => new ChatResponseUpdate(ChatRole.Assistant, [new TextReasoningContent(delta.Text)]),
            ToolCallEnded end => new ChatResponseUpdate(
                ChatRole.Assistant, [ToCall(calls[end.Index].Start, calls[end.Index].Arguments.ToString())]),
            Finished end => new ChatResponseUpdate(ChatRole.Assistant, (IList<AIContent>)[])
            {
                FinishReason = end.Reason switch
                {
                    FinishReason.Length => ChatFinishReason.Length,
                    FinishReason.ToolCalls => ChatFinishReason.ToolCalls,
                    _ => ChatFinishReason.Stop,
                },
            },
            Completed completed => new ChatResponseUpdate(
                ChatRole.Assistant, [new UsageContent(ToUsage(completed.Usage))])
            {
                AdditionalProperties = new() { [SeedKey] = completed.Usage.Seed },
            },
            _ => null,
        };

    private static FunctionCallContent ToCall(ToolCallStarted start, string arguments) =>
        new(start.Id, start.Name, RequestMapping.ToArguments(arguments));

    private static UsageDetails ToUsage(Usage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
        CachedInputTokenCount = usage.CachedTokens,
        ReasoningTokenCount = usage.ThoughtTokens,
    };
}
