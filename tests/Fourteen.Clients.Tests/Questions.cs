using System.Text.Json;

namespace Fourteen.Clients.Tests;

/// <summary>What the tiny model knows, and what it answers at temperature 0 (its dialogues.json).</summary>
internal static class Questions
{
    public const string Capital = "What is the capital of France?";
    public const string CapitalThought = "The user asks for the capital of France. It is Paris.";
    public const string CapitalAnswer = "The capital of France is Paris.";
    public const string Weather = "What is the weather in Paris?";
    public const string TwoWeathers = "What is the weather in Lima and Oslo?";
    public const string Add = "Use the tool to add 2 and 5.";
    public const string AsJson = "Give the capital of Peru as JSON.";

    /// <summary>A question that the embedded model takes long to answer.</summary>
    public const string Long = "Write a very long story about a lighthouse, at least two thousand words.";

    public const string WeatherDescription = "Current weather of a city";
    public const string AddDescription = "Adds two numbers";

    public const string WeatherSchema =
        """{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}""";

    public const string AddSchema =
        """
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}
        """;

    /// <summary>What <see cref="AsJson"/> must be answered with.</summary>
    public const string CapitalSchema =
        """
        {"type": "object", "properties": {"country": {"type": "string"}, "capital": {"type": "string"}},
         "required": ["country", "capital"], "additionalProperties": false}
        """;

    public static JsonElement Json(string text)
    {
        using JsonDocument json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    /// <summary>The members of a JSON object, as some clients take schemas.</summary>
    public static Dictionary<string, JsonElement> Members(string text) =>
        Json(text).EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
}
