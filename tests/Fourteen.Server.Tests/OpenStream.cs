using System.Text.Json.Nodes;

namespace Fourteen.Server.Tests;

/// <summary>An answer that is read piece by piece; disposing of it before its end closes the connection.</summary>
internal sealed class OpenStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private OpenStream(HttpResponseMessage response, StreamReader reader)
    {
        _response = response;
        _reader = reader;
    }

    internal int Status => (int)_response.StatusCode;

    internal static async Task<OpenStream> OfAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        new(response, new StreamReader(await response.Content.ReadAsStreamAsync(cancellation)));

    /// <summary>The next piece; null at the end.</summary>
    internal async Task<JsonNode?> NextAsync(CancellationToken cancellation)
    {
        while (await _reader.ReadLineAsync(cancellation) is { } line)
        {
            if (HttpAnswer.DataOf(line).FirstOrDefault() is { } data && data != "[DONE]")
                return JsonNode.Parse(data);
        }

        return null;
    }

    /// <summary>The text of chat's pieces up to the end.</summary>
    internal async Task<string> ReadTextAsync(CancellationToken cancellation)
    {
        var text = new System.Text.StringBuilder();
        while (await NextAsync(cancellation) is { } piece)
            text.Append(ChatResult.TextOf(piece));
        return text.ToString();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
