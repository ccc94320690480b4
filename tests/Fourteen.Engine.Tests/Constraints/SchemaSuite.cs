using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>A schema of the JSON Schema Test Suite with its instances.</summary>
internal sealed record SuiteSchema(
    string File, string Description, JsonElement Schema, IReadOnlyList<SuiteInstance> Instances)
{
    public string Name => $"{File}: {Description}";
}

/// <summary>An instance, and whether it is valid.</summary>
internal sealed record SuiteInstance(string Description, JsonElement Value, bool IsValid);

/// <summary>Reads the suite, and what its schemas are made of.</summary>
internal static class SchemaSuite
{
    /// <summary>What strict clients may send, with annotations.</summary>
    private static readonly string[] _common =
    [
        "type", "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const", "anyOf",
        "allOf", "$ref", "$defs", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
    ];

    private static readonly string[] _annotations =
        ["$schema", "$id", "$anchor", "$comment", "title", "description", "default"];

    private static readonly JsonSerializerOptions _plain =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<SuiteSchema> Read(string folder)
    {
        foreach (string path in Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonElement group in document.RootElement.EnumerateArray())
            {
                yield return new SuiteSchema(
                    Path.GetFileNameWithoutExtension(path), group.GetProperty("description").GetString()!,
                    group.GetProperty("schema").Clone(),
                    [.. group.GetProperty("tests").EnumerateArray().Select(test => new SuiteInstance(
                        test.GetProperty("description").GetString()!, test.GetProperty("data").Clone(),
                        test.GetProperty("valid").GetBoolean()))]);
            }
        }
    }

    public static bool IsCommon(HashSet<string> keywords) =>
        keywords.All(keyword => _common.Contains(keyword) || _annotations.Contains(keyword));

    public static IEnumerable<string> CommonKeywords => _common;

    /// <summary>The keywords at all places of a schema where schemas stand.</summary>
    public static HashSet<string> Keywords(JsonElement schema)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Collect(schema, found);
        return found;
    }

    /// <summary>The instance as models write it, in each order of the properties of a small object.</summary>
    public static IEnumerable<string> Texts(JsonElement value)
    {
        JsonNode? plain = Plain(value);
        if (plain is not JsonObject { Count: > 1 and <= 4 } root)
            return [plain?.ToJsonString(_plain) ?? "null"];
        return Orders([.. root.Select(pair => $"{JsonSerializer.Serialize(pair.Key, _plain)}:"
            + (pair.Value?.ToJsonString(_plain) ?? "null"))]).Select(order => $"{{{string.Join(',', order)}}}");
    }

    private static void Collect(JsonElement schema, HashSet<string> found)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            found.Add(keyword.Name);
            JsonElement value = keyword.Value;
            if (keyword.Name is "properties" or "$defs" or "patternProperties" or "dependentSchemas")
            {
                foreach (JsonProperty named in value.EnumerateObject())
                    Collect(named.Value, found);
            }
            else if (keyword.Name is "allOf" or "anyOf" or "oneOf" or "prefixItems"
                && value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement member in value.EnumerateArray())
                    Collect(member, found);
            }
            else if (keyword.Name is not ("const" or "enum" or "default"))
            {
                Collect(value, found);
            }
        }
    }

    /// <summary>Integers without a point: 1.0 is an integer to JSON Schema, and few readers take it for one.</summary>
    private static JsonNode? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(
            value.EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, Plain(pair.Value)))),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Plain)]),
        JsonValueKind.Number when value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number) =>
            JsonValue.Create(decimal.Truncate(number)),
        JsonValueKind.Null => null,
        _ => JsonNode.Parse(value.GetRawText()),
    };

    private static IEnumerable<List<string>> Orders(List<string> parts)
    {
        if (parts.Count < 2)
        {
            yield return parts;
            yield break;
        }

        for (int i = 0; i < parts.Count; i++)
        {
            List<string> rest = [.. parts];
            rest.RemoveAt(i);
            foreach (List<string> order in Orders(rest))
                yield return [parts[i], .. order];
        }
    }
}
