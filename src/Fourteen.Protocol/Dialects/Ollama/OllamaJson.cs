using System.Globalization;
using System.Text.Json;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>Pieces of JSON of Ollama's API.</summary>
public static class OllamaJson
{
    /// <summary>The whole body of an error, and the last line of a stream that fails.</summary>
    public static void WriteError(Failure failure, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("error", failure.Message);
        json.WriteEndObject();
    }

    /// <summary>The time of a request, on every line of its answer: Go's form, with nine digits.</summary>
    internal static string TimeOf(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    internal static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    internal static void WriteHead(Utf8JsonWriter json, ResponseHeader header)
    {
        json.WriteString("model", header.Model);
        json.WriteString("created_at", TimeOf(header.Created));
    }

    /// <summary>What a request without a prompt is answered.</summary>
    internal static void WriteLoaded(RequestDraft draft, ResponseHeader header, Utf8JsonWriter json, bool isChat)
    {
        json.WriteStartObject();
        WriteHead(json, header);
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response", "");
        }

        json.WriteBoolean("done", true);
        json.WriteString("done_reason", draft.KeepAlive == TimeSpan.Zero ? "unload" : "load");
        json.WriteEndObject();
    }

    internal static void RefuseImages(WireValue? images)
    {
        if (images is { } value && value.Items().Any())
            throw new RequestException(value.Path, $"{value.Path} is not supported: the models here read text alone");
    }
}
