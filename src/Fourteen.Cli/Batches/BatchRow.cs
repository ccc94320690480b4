using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Fourteen.Engine;

namespace Fourteen.Cli.Batches;

/// <summary>One row of a batch: a JSON object whose fields are read by name and type.</summary>
internal sealed class BatchRow
{
    /// <summary>Nested schemas of tools stay far below; a limit keeps the stack safe from hostile rows.</summary>
    internal const int DepthMax = 128;

    /// <summary>The parser quotes the rest of the row where a literal is misspelled.</summary>
    private const int MessageCharsMax = 400;

    private readonly JsonElement _fields;

    private BatchRow(JsonElement fields) => _fields = fields;

    public static BatchRow Parse(ReadOnlyMemory<byte> line) => new(ParseObject(line, "the row"));

    /// <summary>A JSON object of checked text; <see cref="RowException"/> where it is none.</summary>
    /// <param name="json">UTF-8; copied.</param>
    /// <param name="what">What the object is, for messages.</param>
    internal static JsonElement ParseObject(ReadOnlyMemory<byte> json, string what)
    {
        JsonElement value = ParseJson(json, what);
        return value.ValueKind == JsonValueKind.Object
            ? value
            : throw new RowException($"{what} must be a JSON object, found {Describe(value)}");
    }

    /// <summary>Any JSON value of checked text.</summary>
    internal static JsonElement ParseJson(ReadOnlyMemory<byte> json, string what)
    {
        if (!Utf8.IsValid(json.Span))
            throw new RowException($"{what} must be UTF-8, but it has bytes that are not");
        try
        {
            CheckEscapes(json.Span, what); // First: the parser compares keys, and throws where one is no text.
            // Two values for one key would leave open which one counts.
            var options = new JsonDocumentOptions { MaxDepth = DepthMax, AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(json, options);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new RowException($"{what} is not valid JSON: {ErrorText.Shorten(e.Message, MessageCharsMax)}", e);
        }
    }

    public bool Has(string name) => Find(name) is not null;

    public string RequireString(string name) =>
        Require(name) is { ValueKind: JsonValueKind.String } text
            ? text.GetString()! // a JSON string is not null
            : throw Wrong(name, "a string");

    public bool? FindBool(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>The kind of a field's value, or null where it is absent.</summary>
    public JsonValueKind? FindKind(string name) => Find(name)?.ValueKind;

    public int? FindInteger(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out int value) => value,
        _ => throw Wrong(name, "an integer"),
    };

    public int[] RequireIntegers(string name)
    {
        if (Require(name) is not { ValueKind: JsonValueKind.Array } array)
            throw Wrong(name, "an array of integers");
        var integers = new int[array.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out integers[index]))
                throw new RowException($"\"{name}\"[{index}] must be an integer, found {Describe(item)}");
            index++;
        }

        return integers;
    }

    /// <summary>An object that the caller may change, or null where the field is absent or null.</summary>
    public JsonObject? FindObject(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Object } value => JsonObject.Create(value),
        _ => throw Wrong(name, "an object"),
    };

    public JsonArray RequireArray(string name) =>
        Require(name) is { ValueKind: JsonValueKind.Array } value
            ? JsonArray.Create(value)! // null only for JSON's null
            : throw Wrong(name, "an array");

    /// <summary>Any value, or null where the field is absent or null.</summary>
    public JsonNode? FindAny(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.Object } value => JsonObject.Create(value),
        { ValueKind: JsonValueKind.Array } value => JsonArray.Create(value),
        { } value => JsonValue.Create(value),
        null => null,
    };

    internal static string Describe(JsonElement value)
    {
        const int ShownMax = 40;
        string text = value.ValueKind is JsonValueKind.Undefined ? "nothing" : value.GetRawText();
        return text.Length <= ShownMax ? text : $"{text[..ShownMax]}…";
    }

    private JsonElement? Find(string name) => _fields.TryGetProperty(name, out JsonElement value) ? value : null;

    private JsonElement Require(string name) =>
        Find(name) ?? throw new RowException($"the row needs the field \"{name}\"");

    private RowException Wrong(string name, string wanted) =>
        new($"\"{name}\" must be {wanted}, found {Describe(Require(name))}");

    /// <summary>
    /// Half a surrogate pair passes the JSON parser when it is written as an escape, but it is no text.
    /// </summary>
    private static void CheckEscapes(ReadOnlySpan<byte> json, string what)
    {
        if (json.IndexOf("\\u"u8) < 0)
            return;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped)
                continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new RowException($"{what} has half a surrogate pair at byte {reader.TokenStartIndex}", e);
            }
        }
    }
}
