using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>A response that was read to its end.</summary>
internal sealed record HttpAnswer(
    int Status, string ContentType, IReadOnlyDictionary<string, string> Headers, string Text)
{
    private const string Data = "data: ";

    /// <summary>The body as JSON, which it must be.</summary>
    internal JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException("The body is null.");

    internal bool IsStream => ContentType.StartsWith("text/event-stream", StringComparison.Ordinal);

    /// <summary>The pieces of a stream of server-sent events, without the one that says that it ends.</summary>
    internal IReadOnlyList<JsonNode> Events =>
        [.. DataOf(Text).Where(data => data != "[DONE]").Select(data => JsonNode.Parse(data)!)];

    /// <summary>The lines of a stream of Ollama's.</summary>
    internal IReadOnlyList<JsonNode> Lines =>
        [.. Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    internal static async Task<HttpAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value), StringComparer.OrdinalIgnoreCase);
        return new HttpAnswer(
            (int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", headers,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    internal string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>The answer itself, where its status is that one.</summary>
    internal HttpAnswer With(int status)
    {
        Assert.True(Status == status, $"expected {status}, found {Status}: {Text}");
        return this;
    }

    internal static IEnumerable<string> DataOf(string text) => text.Split('\n')
        .Where(line => line.StartsWith(Data, StringComparison.Ordinal)).Select(line => line[Data.Length..]);
}
