using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Fourteen.Cli.ServeBenchmarks;

/// <summary>What a client asks for: a prompt as ids, and an answer of exactly so many tokens.</summary>
internal sealed record CompletionAsk(IReadOnlyList<int> Prompt, int Tokens, ulong Seed)
{
    /// <summary>After so many pieces the client goes away; null to stay.</summary>
    public int? LeavesAfter { get; init; }

    /// <summary>Whether the answer may end by itself, as answers do; else it has all its tokens.</summary>
    public bool MayEnd { get; init; }
}

/// <summary>When the pieces of an answer came, by <see cref="Stopwatch.GetTimestamp"/>.</summary>
/// <param name="Text">All pieces joined.</param>
/// <param name="Tokens">Generated tokens, as the server counts them; 0 for a client that left.</param>
internal sealed record CompletionTimes(
    long Sent, IReadOnlyList<long> Pieces, string Text, int Tokens)
{
    /// <summary>Milliseconds to the first piece.</summary>
    internal double FirstMs => Stopwatch.GetElapsedTime(Sent, Pieces[0]).TotalMilliseconds;

    /// <summary>Milliseconds between neighbouring pieces.</summary>
    internal IEnumerable<double> GapsMs =>
        Pieces.Zip(Pieces.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a, b).TotalMilliseconds);
}

/// <summary>A client of OpenAI's completions, as users have them: HTTP, server-sent events, JSON.</summary>
internal sealed class CompletionClient(Uri server) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = server,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <exception cref="RequestException">The server refused, or broke off.</exception>
    /// <param name="pieceCame">Told when each piece comes; may be null.</param>
    internal async Task<CompletionTimes> AskAsync(
        CompletionAsk ask, Action<long>? pieceCame, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/completions") { Content = BodyOf(ask) };
        long sent = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            string body = await response.Content.ReadAsStringAsync(cancellation);
            throw new RequestException("serve", $"the server answered {(int)response.StatusCode}: {body}");
        }

        var pieces = new List<long>();
        var text = new StringBuilder();
        int tokens = 0;
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellation))
        {
            if (item.Data == "[DONE]")
                return new CompletionTimes(sent, pieces, text.ToString(), tokens);
            using JsonDocument json = JsonDocument.Parse(item.Data);
            JsonElement root = json.RootElement;
            if (root.TryGetProperty("error", out JsonElement error))
                throw new RequestException("serve", $"the server broke off: {error}");
            if (root.GetProperty("choices") is { } choices && choices.GetArrayLength() > 0)
            {
                text.Append(choices[0].GetProperty("text").GetString());
                pieces.Add(Stopwatch.GetTimestamp());
                pieceCame?.Invoke(pieces[^1]);
            }

            if (root.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
                tokens = usage.GetProperty("completion_tokens").GetInt32();
            if (pieces.Count >= ask.LeavesAfter)
                return new CompletionTimes(sent, pieces, text.ToString(), 0);
        }

        throw new RequestException("serve", "the server's stream ended before its last piece");
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent BodyOf(CompletionAsk ask)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("prompt");
            foreach (int token in ask.Prompt)
                json.WriteNumberValue(token);
            json.WriteEndArray();
            json.WriteNumber("max_tokens", ask.Tokens);
            json.WriteBoolean("ignore_eos", !ask.MayEnd);
            json.WriteNumber("temperature", 1);
            json.WriteNumber("seed", ask.Seed);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        var content = new ByteArrayContent(bytes.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}
