using System.Diagnostics;
using Fourteen.Protocol.Chat;
using Microsoft.Extensions.Logging;

namespace Fourteen.Server.Hosting;

/// <summary>A line for each answer: sizes and times, and what was said only where somebody asked for it.</summary>
public sealed partial class RequestLog(ILogger<RequestLog> logger, bool logsPrompts)
{
    internal void Asked(string id, ChatRequest request)
    {
        if (!logsPrompts)
            return;
        string prompt = request.Text ?? string.Join('\n', request.Messages.Select(m => $"{m.Role}: {m.Content}"));
        Prompt(logger, id, prompt);
    }

    internal void Said(string id, string text)
    {
        if (logsPrompts)
            Text(logger, id, text);
    }

    internal void Answered(string id, string model, string? tenant, Usage usage) => Done(
        logger, id, model, tenant ?? "-", usage.PromptTokens, usage.CachedTokens, usage.CompletionTokens,
        (long)usage.QueueTime.TotalMilliseconds, (long)usage.TimeToFirstToken.TotalMilliseconds,
        (long)(usage.TimeToFirstToken + usage.DecodeTime).TotalMilliseconds);

    /// <summary>The span of a request, by the names that OpenTelemetry has for them.</summary>
    internal static Activity? Begin(string id, string model, ChatRequest request)
    {
        Activity? span = Telemetry.Source.StartActivity($"chat {model}", ActivityKind.Server);
        span?.SetTag("gen_ai.operation.name", "chat");
        span?.SetTag("gen_ai.system", "fourteen");
        span?.SetTag("gen_ai.request.model", model);
        span?.SetTag("gen_ai.response.id", id);
        span?.SetTag("gen_ai.request.max_tokens", request.MaxTokens);
        span?.SetTag("gen_ai.request.temperature", request.Sampling.Temperature);
        return span;
    }

    internal static void End(Activity? span, Usage usage)
    {
        span?.SetTag("gen_ai.usage.input_tokens", usage.PromptTokens);
        span?.SetTag("gen_ai.usage.output_tokens", usage.CompletionTokens);
        span?.SetTag("fourteen.usage.cached_tokens", usage.CachedTokens);
        span?.SetTag("fourteen.time_to_first_token_ms", usage.TimeToFirstToken.TotalMilliseconds);
    }

    [LoggerMessage(
        EventId = 10, Level = LogLevel.Information,
        Message = "{Id} {Model} {Tenant}: {PromptTokens} tokens in, {CachedTokens} of them cached, {CompletionTokens} "
            + "out; queued {QueueMs} ms, first token {FirstMs} ms, all {AllMs} ms")]
    private static partial void Done(
        ILogger logger, string id, string model, string tenant, int promptTokens, int cachedTokens,
        int completionTokens, long queueMs, long firstMs, long allMs);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "{Id} asked: {Prompt}")]
    private static partial void Prompt(ILogger logger, string id, string prompt);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information, Message = "{Id} answered: {Text}")]
    private static partial void Text(ILogger logger, string id, string text);
}
