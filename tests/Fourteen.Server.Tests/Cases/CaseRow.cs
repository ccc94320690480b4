using System.Text.Json.Nodes;
using Fourteen.Testing;

namespace Fourteen.Server.Tests.Cases;

/// <summary>A row of <c>golden/cases</c>.</summary>
internal sealed record CaseRow(string Id, string Area, JsonNode Input, JsonNode Expected)
{
    /// <summary>Its requests by HTTP: the input, or each of its members.</summary>
    internal IReadOnlyList<JsonNode> Requests =>
        Input is JsonArray several ? [.. several.Select(item => item!)] : [Input];

    internal static IReadOnlyList<CaseRow> All { get; } =
    [
        .. File.ReadLines(SharedFiles.FindGolden("cases/cases.jsonl")!).Select(line => JsonNode.Parse(line)!).Select(
            row => new CaseRow(Text(row, "id"), Text(row, "area"), row["input"]!, row["expected"]!)),
    ];

    internal static CaseRow Of(string id) => All.Single(row => row.Id == id);

    /// <summary>The body of a request, which it states.</summary>
    internal JsonObject Body(int request = 0) => Requests[request]["json"]!.DeepClone().AsObject();

    /// <summary>Sends a request as it stands.</summary>
    internal Task<HttpAnswer> SendAsync(TestServer server, int request)
    {
        JsonNode asked = Requests[request];
        string[] line = Text(asked, "http").Split(' ');
        return server.SendAsync(
            line[0], line[1], asked["json"]?.ToJsonString() ?? asked["raw"]?.GetValue<string>(),
            [.. (asked["headers"]?.AsObject() ?? []).Select(pair => (pair.Key, pair.Value!.GetValue<string>()))]);
    }

    /// <summary>Sends every request as it stands; each is a chat of OpenAI's that succeeds.</summary>
    internal async Task<IReadOnlyList<ChatResult>> ChatAsync(TestServer server)
    {
        var results = new List<ChatResult>();
        for (int i = 0; i < Requests.Count; i++)
            results.Add(ChatResult.Of(await SendAsync(server, i)));
        return results;
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
}
