using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>
/// A value of a request's body and the path that leads to it; reading it as something that it is not is a
/// <see cref="RequestException"/> that names the path, what is wanted and what was found.
/// </summary>
public readonly record struct WireValue(JsonElement Json, string Path)
{
    /// <summary>Characters of a found value or name that a message repeats.</summary>
    private const int FoundMax = 60;

    public string Text() => Json.ValueKind == JsonValueKind.String ? Json.GetString()! : throw Wrong("a text");

    public bool Flag() => Json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>A whole number; 3.0 is one too.</summary>
    public int Integer(int min, int max)
    {
        if (Json.ValueKind == JsonValueKind.Number && Json.TryGetDouble(out double value)
            && value == Math.Floor(value) && value >= min && value <= max)
        {
            return (int)value;
        }

        string range = max == int.MaxValue ? $"of {min} or more" : $"from {min} to {max}";
        throw Wrong($"a whole number {range}");
    }

    /// <summary>A whole number of 64 bits; negative ones are taken by their bits, as -1 often means a random one.
    /// </summary>
    public ulong Seed()
    {
        if (Json.ValueKind == JsonValueKind.Number)
        {
            if (Json.TryGetUInt64(out ulong value))
                return value;
            if (Json.TryGetInt64(out long negative))
                return (ulong)negative;
        }

        throw Wrong("a whole number of 64 bits");
    }

    /// <summary>Finite; the range is checked where it is known.</summary>
    public double Number() =>
        Json.ValueKind == JsonValueKind.Number && Json.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Wrong("a number");

    public double Number(double min, double max)
    {
        double value = Number();
        if (value >= min && value <= max)
            return value;
        throw Wrong(string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"));
    }

    /// <summary>One of a few words.</summary>
    public string Word(params ReadOnlySpan<string> words)
    {
        if (Json.ValueKind == JsonValueKind.String)
        {
            foreach (string word in words)
            {
                if (Json.ValueEquals(word))
                    return word;
            }
        }

        throw Wrong($"one of {string.Join(", ", words)}");
    }

    public bool IsText => Json.ValueKind == JsonValueKind.String;

    public bool IsArray => Json.ValueKind == JsonValueKind.Array;

    public bool IsObject => Json.ValueKind == JsonValueKind.Object;

    public bool IsFlag => Json.ValueKind is JsonValueKind.True or JsonValueKind.False;

    public bool IsNumber => Json.ValueKind == JsonValueKind.Number;

    public bool IsNull => Json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>The elements of an array.</summary>
    public IEnumerable<WireValue> Items()
    {
        if (!IsArray)
            throw Wrong("an array");
        string path = Path;
        return Json.EnumerateArray().Select((item, i) => new WireValue(item, $"{path}[{i}]"));
    }

    /// <summary>The members of an object; those that are null are left out, as they mean the same as absent ones.
    /// </summary>
    public IEnumerable<(string Name, WireValue Value)> Members()
    {
        if (!IsObject)
            throw Wrong("an object");
        string prefix = Path.Length == 0 ? "" : $"{Path}.";
        return Json.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .Select(member => (member.Name, new WireValue(member.Value, prefix + Shorten(member.Name))));
    }

    /// <summary>A member; null where it is absent or null.</summary>
    public WireValue? Member(string name)
    {
        if (!IsObject)
            throw Wrong("an object");
        return Json.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null
            ? new WireValue(member, Path.Length == 0 ? name : $"{Path}.{name}")
            : null;
    }

    /// <summary>A member that must be there.</summary>
    public WireValue Required(string name) => Member(name)
        ?? throw new RequestException(
            Path.Length == 0 ? name : $"{Path}.{name}", $"{(Path.Length == 0 ? name : $"{Path}.{name}")} is missing");

    /// <summary>A text, or an array of texts.</summary>
    public IReadOnlyList<string> Texts() => IsText ? [Text()] : [.. Items().Select(item => item.Text())];

    /// <summary>The value as a tree of its own.</summary>
    public JsonNode? Node() => WireJson.TryParse(Json.GetRawText(), out JsonNode? node)
        ? node
        : throw Wrong("JSON in which no object has a key twice");

    public RequestException Wrong(string wanted)
    {
        string found = Json.ValueKind == JsonValueKind.Undefined ? "nothing" : Shorten(Json.GetRawText());
        string place = Path.Length == 0 ? "the body" : Path;
        return new RequestException(Path, $"{place} must be {wanted}, found {found}");
    }

    private static string Shorten(string text)
    {
        if (text.Length <= FoundMax)
            return text;
        int end = char.IsHighSurrogate(text[FoundMax - 1]) ? FoundMax - 1 : FoundMax;
        return $"{text.AsSpan(0, end)}…";
    }
}
