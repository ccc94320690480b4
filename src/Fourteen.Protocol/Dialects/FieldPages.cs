using System.Text;
using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Dialects;

/// <summary>What the tables of fields say, for people and for programs.</summary>
public static class FieldPages
{
    /// <summary>The page <c>docs/api-fields.md</c>.</summary>
    public static string RenderMarkdown()
    {
        var page = new StringBuilder();
        page.Append("""
            # Fields of requests

            What becomes of each field of each endpoint. **Honoured**: it does what its API says. **Harmless**: it may
            be there, and nothing depends on it. **Refused**: the request fails with status 400 and names it; where a
            value stands beside, that value is accepted because it asks for nothing. A field that is not listed is
            named in the response header `X-Fourteen-Ignored`; null means the same as an absent field.

            The tables in `src/Fourteen.Protocol/Dialects` are the source of this page.

            """);
        foreach (DialectEndpoint endpoint in DialectTable.Endpoints)
        {
            page.Append($"\n## POST {endpoint.Path}\n\n{endpoint.Summary}\n");
            if (endpoint.Aliases.Count > 0)
                page.Append($"Also served at {string.Join(", ", endpoint.Aliases.Select(alias => $"`{alias}`"))}.\n");
            page.Append("\n| Field | Type | Treatment | Meaning |\n|---|---|---|---|\n");
            AppendRows(page, "", endpoint.Fields);
        }

        return page.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>The JSON Schema of an endpoint's body. Unlisted fields are allowed, as the server takes them.</summary>
    public static JsonObject RenderSchema(FieldTable table)
    {
        var properties = new JsonObject();
        foreach (Field field in table.Fields)
            properties[field.Name] = SchemaOf(field);
        return new JsonObject { ["type"] = "object", ["properties"] = properties };
    }

    private static void AppendRows(StringBuilder page, string prefix, FieldTable table)
    {
        foreach (Field field in table.Fields)
        {
            string treatment = field.Treatment switch
            {
                FieldTreatment.Honoured => "honoured",
                FieldTreatment.Harmless => "harmless",
                _ => field.Neutral is null ? "refused" : $"refused unless `{field.Neutral}`",
            };
            string meaning = Sentence(field).Replace("|", "\\|");
            page.Append($"| `{prefix}{field.Name}` | {field.Type ?? "any"} | {treatment} | {meaning} |\n");
            if (field.Members is not null)
                AppendRows(page, $"{prefix}{field.Name}.", field.Members);
        }
    }

    private static JsonObject SchemaOf(Field field)
    {
        JsonObject schema = field.Members is null ? [] : RenderSchema(field.Members);
        if (field.Members is null && field.Type is { } type)
        {
            string[] types = type.Split(" or ");
            schema["type"] = types.Length == 1
                ? types[0]
                : new JsonArray([.. types.Select(name => (JsonNode?)JsonValue.Create(name))]);
        }

        string word = field.Treatment.ToString().ToLowerInvariant();
        schema["description"] = $"{Capital(word)}: {field.Meaning}";
        schema["x-fourteen-treatment"] = word;
        if (field.Neutral is { } neutral)
            schema["enum"] = new JsonArray(JsonNode.Parse(neutral));
        else if (field.Treatment == FieldTreatment.Refused)
            schema["not"] = new JsonObject();
        return schema;
    }

    /// <summary>What is refused has a reason that stands behind a colon in messages.</summary>
    private static string Sentence(Field field) =>
        field.Treatment == FieldTreatment.Refused ? Capital(field.Meaning) : field.Meaning;

    private static string Capital(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";
}
