using System.Text;
using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>Pieces of JSON that OpenAI's endpoints share.</summary>
public static class OpenAiJson
{
    /// <summary>What made an answer: the same fingerprint, seed and request give the same answer.</summary>
    private static readonly string Fingerprint =
        $"fourteen-{typeof(OpenAiJson).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>The whole body of an error.</summary>
    public static void WriteError(Failure failure, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", failure.Message);
        json.WriteString("type", failure.Row.OpenAiType);
        json.WriteString("param", string.IsNullOrEmpty(failure.Parameter) ? null : failure.Parameter);
        json.WriteString("code", failure.Code ?? failure.Row.OpenAiCode);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static void WriteHeader(Utf8JsonWriter json, ResponseHeader header, string prefix, string kind)
    {
        json.WriteString("id", prefix + header.Id);
        json.WriteString("object", kind);
        json.WriteNumber("created", header.Created.ToUnixTimeSeconds());
        json.WriteString("model", header.Model);
        json.WriteString("system_fingerprint", Fingerprint);
    }

    internal static void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.PromptTokens);
        json.WriteNumber("completion_tokens", usage.CompletionTokens);
        json.WriteNumber("total_tokens", usage.PromptTokens + usage.CompletionTokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.CachedTokens);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.ThoughtTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>llama-server's timings, and the seed that draws the same answer again.</summary>
    internal static void WriteTimings(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("timings");
        json.WriteNumber("cache_n", usage.CachedTokens);
        json.WriteNumber("prompt_n", usage.PromptTokens - usage.CachedTokens);
        json.WriteNumber("prompt_ms", usage.TimeToFirstToken.TotalMilliseconds);
        json.WriteNumber("prompt_per_second", usage.PrefillTokensPerSecond);
        json.WriteNumber("predicted_n", usage.CompletionTokens);
        json.WriteNumber("predicted_ms", usage.DecodeTime.TotalMilliseconds);
        json.WriteNumber("predicted_per_second", usage.DecodeTokensPerSecond);
        json.WriteNumber("seed", usage.Seed);
        json.WriteEndObject();
    }

    /// <summary>
    /// Ends a stream: a piece without choices, with the usage where it was asked for, timings and notices, and then
    /// this API's last word.
    /// </summary>
    internal static void WriteLast(
        RequestDraft request, ResponseHeader header, string prefix, string kind, Usage usage,
        IReadOnlyList<Notice> notices, FrameBuffer frames)
    {
        if (request.IncludeUsage || request.TimingsPerToken || notices.Count > 0)
        {
            Utf8JsonWriter json = frames.Begin(null);
            json.WriteStartObject();
            WriteHeader(json, header, prefix, kind);
            json.WriteStartArray("choices");
            json.WriteEndArray();
            if (request.IncludeUsage)
                WriteUsage(json, usage);
            if (request.IncludeUsage || request.TimingsPerToken)
                WriteTimings(json, usage);
            NoticeJson.Write(json, notices);
            json.WriteEndObject();
            frames.End();
        }

        frames.AddText("[DONE]"u8);
    }

    /// <summary>Ends a stream that has begun and cannot go on.</summary>
    internal static void WriteFailure(Failure failure, FrameBuffer frames)
    {
        WriteError(failure, frames.Begin(null));
        frames.End();
        frames.AddText("[DONE]"u8);
    }

    /// <param name="withIds">Whether each token comes with its id, as llama-server sends it.</param>
    internal static void WriteTokens(
        Utf8JsonWriter json, string name, IReadOnlyList<ScoredToken> tokens, bool withIds = false)
    {
        json.WriteStartArray(name);
        foreach (ScoredToken token in tokens)
        {
            json.WriteStartObject();
            WriteToken(json, token, withIds);
            json.WriteStartArray("top_logprobs");
            foreach (ScoredToken other in token.Top)
            {
                json.WriteStartObject();
                WriteToken(json, other, withIds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>vLLM's form: for each place an object by token id, null for the first.</summary>
    internal static void WritePromptTokens(Utf8JsonWriter json, IReadOnlyList<ScoredToken> tokens)
    {
        json.WriteStartArray("prompt_logprobs");
        foreach (ScoredToken token in tokens)
        {
            if (token.Logprob is null)
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            List<int> likely = [.. token.Top.Select(other => other.Id)];
            WriteRanked(json, token, likely.IndexOf(token.Id) + 1);
            for (int i = 0; i < likely.Count; i++)
            {
                if (likely[i] != token.Id)
                    WriteRanked(json, token.Top[i], i + 1);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteToken(Utf8JsonWriter json, ScoredToken token, bool withIds)
    {
        if (withIds)
            json.WriteNumber("id", token.Id);
        json.WriteString("token", Encoding.UTF8.GetString(token.Bytes));
        json.WriteNumber("logprob", token.Logprob ?? 0);
        json.WriteStartArray("bytes");
        foreach (byte value in token.Bytes)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <param name="rank">Among the likely ones; 0 where it is not among them, and then left out.</param>
    private static void WriteRanked(Utf8JsonWriter json, ScoredToken token, int rank)
    {
        json.WriteStartObject(token.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteNumber("logprob", token.Logprob ?? 0);
        if (rank > 0)
            json.WriteNumber("rank", rank);
        json.WriteString("decoded_token", Encoding.UTF8.GetString(token.Bytes));
        json.WriteEndObject();
    }
}
