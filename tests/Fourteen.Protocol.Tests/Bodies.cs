using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;

namespace Fourteen.Protocol.Tests;

/// <summary>Bodies of requests, and reading them.</summary>
internal static class Bodies
{
    /// <summary>The least that an endpoint takes, by its path.</summary>
    private static readonly Dictionary<string, string> Least = new()
    {
        ["/v1/chat/completions"] = """{"messages": [{"role": "user", "content": "Hi"}]}""",
        ["/v1/completions"] = """{"prompt": "Hi"}""",
        ["/v1/embeddings"] = """{"input": "Hi"}""",
        ["/v1/messages"] = """{"max_tokens": 4096, "messages": [{"role": "user", "content": "Hi"}]}""",
        ["/v1/messages/count_tokens"] = """{"messages": [{"role": "user", "content": "Hi"}]}""",
        ["/api/chat"] = """{"messages": [{"role": "user", "content": "Hi"}]}""",
        ["/api/generate"] = """{"prompt": "Hi"}""",
        ["/api/embed"] = """{"input": "Hi"}""",
        ["/api/embeddings"] = """{"prompt": "Hi"}""",
        ["/api/show"] = """{"model": "m"}""",
        ["/completion"] = """{"prompt": "Hi"}""",
        ["/infill"] = """{"input_prefix": "Hi", "input_suffix": "."}""",
        ["/tokenize"] = """{"content": "Hi"}""",
        ["/detokenize"] = """{"tokens": [1]}""",
        ["/apply-template"] = """{"messages": [{"role": "user", "content": "Hi"}]}""",
        ["/models/load"] = """{"model": "m"}""",
        ["/models/unload"] = """{"model": "m"}""",
    };

    internal static IEnumerable<string> Paths => DialectTable.Endpoints.Select(endpoint => endpoint.Path);

    internal static DialectEndpoint Endpoint(string path) =>
        DialectTable.Endpoints.Single(endpoint => endpoint.Path == path);

    internal static JsonObject LeastOf(string path) => (JsonObject)JsonNode.Parse(Least[path])!;

    /// <summary>Reads a body as the server does, from bytes.</summary>
    internal static RequestDraft Read(string path, string json) => Read(path, Encoding.UTF8.GetBytes(json));

    internal static RequestDraft Read(string path, byte[] json)
    {
        using JsonDocument document = WireJson.ParseBody(json);
        return Endpoint(path).Read(document.RootElement);
    }

    internal static RequestDraft Read(string path, JsonObject body) => Read(path, body.ToJsonString());

    /// <summary>The least body with further members, which replace its own.</summary>
    internal static RequestDraft ReadWith(string path, string members)
    {
        JsonObject body = LeastOf(path);
        Merge(body, (JsonObject)JsonNode.Parse(members)!);
        return Read(path, body);
    }

    internal static void Merge(JsonObject body, JsonObject members)
    {
        foreach ((string name, JsonNode? value) in members)
            body[name] = value?.DeepClone();
    }
}
