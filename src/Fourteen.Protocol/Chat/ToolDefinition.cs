using System.Text.Json.Nodes;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Chat;

/// <summary>A tool that the model may call.</summary>
/// <param name="Name">What the model calls it.</param>
/// <param name="Json">
/// The whole in the form of OpenAI's API, <c>{"type": "function", "function": {…}}</c>, as templates render it: keys
/// that nobody here knows stay.
/// </param>
public sealed record ToolDefinition(string Name, JsonObject Json)
{
    /// <summary>The JSON Schema of its arguments; null where it takes any object.</summary>
    public JsonNode? Parameters => (Json["function"] as JsonObject)?["parameters"];

    /// <summary>Whether arguments must be valid by <see cref="Parameters"/>, which the sampler then sees to.</summary>
    public bool Strict { get; init; }

    /// <summary>A tool in the form of OpenAI's API.</summary>
    /// <param name="place">Where it stands, for messages.</param>
    /// <exception cref="RequestException">It has no type "function", or no name.</exception>
    public static ToolDefinition Read(JsonNode? json, string place)
    {
        if (json is not JsonObject tool || tool["function"] is not JsonObject function)
            throw new RequestException(place, $"{place} must be {{\"type\": \"function\", \"function\": {{…}}}}");
        if (TextOf(tool["type"]) is not (null or "function"))
        {
            throw new RequestException(
                $"{place}.type", $"{place}.type must be \"function\", found \"{TextOf(tool["type"])}\"");
        }

        if (TextOf(function["name"]) is not { Length: > 0 } name)
            throw new RequestException($"{place}.function.name", $"{place}.function.name must be a text");
        bool strict = function["strict"] is JsonValue flag && flag.TryGetValue(out bool isStrict) && isStrict;
        return new ToolDefinition(name, (JsonObject)tool.DeepClone()) { Strict = strict };
    }

    /// <summary>A tool from its parts.</summary>
    public static ToolDefinition Create(string name, string? description, JsonNode? parameters, bool strict)
    {
        var function = new JsonObject { ["name"] = name };
        if (description is not null)
            function["description"] = description;
        if (parameters is not null)
            function["parameters"] = parameters;
        return new ToolDefinition(name, new JsonObject { ["type"] = "function", ["function"] = function })
        {
            Strict = strict,
        };
    }

    private static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

/// <summary>Whether tools are called.</summary>
public enum ToolChoiceKind
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>No call may come.</summary>
    None,

    /// <summary>One call or more must come.</summary>
    Required,

    /// <summary>The named tool must be called.</summary>
    Named,
}

/// <summary>Whether tools are called, and which.</summary>
/// <param name="Name">For <see cref="ToolChoiceKind.Named"/>, the tool.</param>
public sealed record ToolChoice(ToolChoiceKind Kind, string? Name = null)
{
    public static ToolChoice Auto { get; } = new(ToolChoiceKind.Auto);
}
