using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// An object of a JSON file, read by key with checked types. Null counts as absent, but hides a default.
/// </summary>
internal sealed class JsonSettings
{
    // config.json has three levels, tokenizer_config.json of rich tokenizers some more.
    private const int DepthMax = 32;

    private readonly string _prefix;
    private readonly JsonElement _root;
    private readonly JsonElement _defaults;

    private JsonSettings(string path, string prefix, JsonElement root, JsonElement defaults = default)
    {
        Path = path;
        _prefix = prefix;
        _root = root;
        _defaults = defaults;
    }

    internal string Path { get; }

    /// <summary>Every key with its value, in the order of the file: for objects that are large, since finding one key
    /// takes time in proportion to their number.</summary>
    internal JsonElement.ObjectEnumerator Properties => _root.EnumerateObject();

    /// <summary>Reads a file that may be absent: then null.</summary>
    internal static JsonSettings? Find(string folder, string name, int bytesMax)
    {
        string path = System.IO.Path.Combine(folder, name);
        return File.Exists(path) ? new JsonSettings(path, "", Parse(path, SmallFile.Read(path, bytesMax))) : null;
    }

    /// <summary>The same object; keys that it lacks have the value in <paramref name="defaults"/>, a JSON object.
    /// </summary>
    internal JsonSettings WithDefaults(string defaults)
    {
        using JsonDocument document = JsonDocument.Parse(defaults);
        return new JsonSettings(Path, _prefix, _root, document.RootElement.Clone());
    }

    internal bool Contains(string key) => FindElement(key) is not null;

    internal JsonElement? FindElement(string key)
    {
        bool isThere = _root.TryGetProperty(key, out JsonElement value)
            || (_defaults.ValueKind == JsonValueKind.Object && _defaults.TryGetProperty(key, out value));
        return isThere && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    internal string? FindString(string key) => FindElement(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Refuse(key, "a string is wanted here");

    internal bool? FindBool(string key) => FindElement(key) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Refuse(key, "true or false is wanted here");

    /// <summary>A finite number.</summary>
    internal double? FindNumber(string key) => FindElement(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Refuse(key, "a number is wanted here");

    /// <summary>A whole number, which may be written as a float (1e6).</summary>
    internal long? FindInteger(string key) => FindElement(key) is { } value ? ToInteger(key, value) : null;

    internal long RequireInteger(string key) =>
        FindInteger(key) ?? throw Refuse(key, "this key must be there, but it is missing");

    /// <summary>One whole number or an array of them.</summary>
    internal long[]? FindIntegers(string key) => FindElement(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => ToInteger(key, item))]
        : [ToInteger(key, value)];

    internal JsonSettings? FindObject(string key) => FindElement(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonSettings(Path, _prefix + key + ".", value)
        : throw Refuse(key, "a JSON object is wanted here");

    internal ModelFileException Refuse(string key, string rule, string remedy = "") =>
        new(Path, GgufCursor.Printable(_prefix + key), rule, remedy);

    private long ToInteger(string key, JsonElement value)
    {
        // 2^53: beyond it a double holds no longer every whole number.
        const double Limit = 9007199254740992;
        if (value.ValueKind == JsonValueKind.Number)
        {
            if (value.TryGetInt64(out long whole))
                return whole;
            if (value.TryGetDouble(out double number) && Math.Abs(number) <= Limit && number == Math.Floor(number))
                return (long)number;
        }

        throw Refuse(key, "a whole number is wanted here");
    }

    private static JsonElement Parse(string path, byte[] content)
    {
        ReadOnlyMemory<byte> text = content.AsSpan().StartsWith("\ufeff"u8) ? content.AsMemory(3) : content;
        try
        {
            CheckStrings(text.Span);
            JsonDocumentOptions options = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };
            using JsonDocument document = JsonDocument.Parse(text, options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document.RootElement.Clone();
        }
        // The second is what the reader throws for a string that is no valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(path, "", $"the file is no valid JSON: {e.Message}", "download it again", e);
        }

        throw new ModelFileException(path, "", "the file must hold a JSON object");
    }

    /// <summary>Decodes every string once, so that none can fail later: invalid UTF-8, half a surrogate pair.</summary>
    private static void CheckStrings(ReadOnlySpan<byte> text)
    {
        Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = DepthMax });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                _ = reader.GetString();
        }
    }
}
