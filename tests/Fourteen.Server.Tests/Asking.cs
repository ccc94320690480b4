using System.Text.Json.Nodes;

namespace Fourteen.Server.Tests;

/// <summary>Bodies of requests that several tests send.</summary>
internal static class Asking
{
    /// <summary>Parses a body that a test writes down.</summary>
    internal static JsonObject Body(string json) => JsonNode.Parse(json)!.AsObject(); // It is an object.

    /// <summary>One question to the tiny model at /v1/chat/completions, greedy and without a thought.</summary>
    internal static JsonObject Chat(string question, int tokensMax = 40) => new()
    {
        ["model"] = TestServer.Tiny,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
        ["temperature"] = 0,
        ["max_tokens"] = tokensMax,
        ["chat_template_kwargs"] = new JsonObject { ["enable_thinking"] = false },
    };

    /// <summary>A continuation that goes on until its limit.</summary>
    internal static JsonObject Endless(string model, int tokensMax, bool stream = true) => new()
    {
        ["model"] = model,
        ["prompt"] = "Hi",
        ["max_tokens"] = tokensMax,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
        ["stream"] = stream,
    };

    /// <summary>The same body with other or more fields.</summary>
    internal static JsonObject With(this JsonNode body, params (string Name, JsonNode? Value)[] fields)
    {
        JsonObject changed = body.DeepClone().AsObject();
        foreach ((string name, JsonNode? value) in fields)
            changed[name] = value;
        return changed;
    }
}
