using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Anthropic;

/// <summary>Pieces of JSON of Anthropic's API.</summary>
public static class AnthropicJson
{
    /// <summary>The whole body of an error, and the data of a stream's last event where it fails.</summary>
    public static void WriteError(Failure failure, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", failure.Row.AnthropicType);
        json.WriteString("message", failure.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The answer of /v1/messages/count_tokens.</summary>
    public static void WriteCount(int promptTokens, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens", promptTokens);
        json.WriteEndObject();
    }

    /// <summary>
    /// Clients add input_tokens and the two cache fields up for the size of the prompt. Here input_tokens is the whole
    /// prompt, from the stream's first event on and as count_tokens counts it, so that the other two are 0; what came
    /// from the cache stands under OpenAI's name.
    /// </summary>
    internal static void WriteUsage(Utf8JsonWriter json, int promptTokens, int outputTokens, int? cachedTokens)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", promptTokens);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", 0);
        json.WriteNumber("output_tokens", outputTokens);
        if (cachedTokens is { } cached)
        {
            json.WriteStartObject("prompt_tokens_details");
            json.WriteNumber("cached_tokens", cached);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Both fields that say why an answer ended.</summary>
    internal static void WriteStop(Utf8JsonWriter json, FinishReason reason, string? stopString)
    {
        json.WriteString("stop_reason", reason switch
        {
            FinishReason.Length => "max_tokens",
            FinishReason.ToolCalls => "tool_use",
            _ => stopString is null ? "end_turn" : "stop_sequence",
        });
        json.WriteString("stop_sequence", reason == FinishReason.Stop ? stopString : null);
    }
}
