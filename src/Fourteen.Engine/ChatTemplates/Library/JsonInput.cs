using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// JSON as the values of a template, as Python's <c>json.loads</c> reads it: <c>1.0</c> is a float and <c>1</c> an int,
/// keys keep their order.
/// </summary>
internal static class JsonInput
{
    public static object? Convert(JsonNode? node) => Convert(node, 0);

    private static object? Convert(JsonNode? node, int depth)
    {
        if (depth > TemplateLimits.ValueDepth)
            throw Raise.Limit($"values are limited to {TemplateLimits.ValueDepth} levels of nesting");
        switch (node)
        {
            case null:
                return null;
            case JsonObject source:
                return ConvertObject(source, depth);
            case JsonArray source:
                var items = new object?[source.Count];
                for (int i = 0; i < items.Length; i++)
                    items[i] = Convert(source[i], depth + 1);
                return new ListValue(items);
            default:
                return ConvertValue((JsonValue)node); // The third and last kind of node.
        }
    }

    private static DictValue ConvertObject(JsonObject source, int depth)
    {
        var dict = new DictValue.Builder(source.Count);
        foreach (KeyValuePair<string, JsonNode?> pair in source)
            dict.Set(pair.Key, Convert(pair.Value, depth + 1));
        return dict.Build();
    }

    private static object? ConvertValue(JsonValue value)
    {
        if (value.TryGetValue(out JsonElement element))
            return ConvertElement(element);
        return value.GetValueKind() switch
        {
            JsonValueKind.String => value.TryGetValue(out string? text) ? text : value.ToString(),
            JsonValueKind.True => Boxes.True,
            JsonValueKind.False => Boxes.False,
            JsonValueKind.Null => null,
            // A number that the program made: a double is a float whatever its value.
            _ when value.TryGetValue(out double real) => real,
            _ when value.TryGetValue(out float real) => (double)real,
            _ => Number(value.ToJsonString()),
        };
    }

    private static object? ConvertElement(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Text(element),
        JsonValueKind.Number => Number(element.GetRawText()),
        JsonValueKind.True => Boxes.True,
        JsonValueKind.False => Boxes.False,
        JsonValueKind.Null => null,
        _ => Convert(element.ValueKind == JsonValueKind.Array ? JsonArray.Create(element) : JsonObject.Create(element)),
    };

    private static object Number(string digits)
    {
        if (digits.AsSpan().IndexOfAny(".eE") >= 0)
            return double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            return Integers.Box(number);
        if (digits.Length > TemplateLimits.IntegerDigits)
            throw Raise.Limit($"an integer is limited to {TemplateLimits.IntegerDigits} digits");
        return Integers.Box(BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// The text of a string. .NET refuses a surrogate escape without its partner, which Python's strings can hold: such
    /// a text is read from its spelling.
    /// </summary>
    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!; // It is a string.
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText());
        }
    }

    private static string Unescape(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (int i = 1; i < raw.Length - 1; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            char escape = raw[++i];
            if (escape == 'u')
            {
                text.Append((char)ushort.Parse(
                    raw.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
                continue;
            }

            text.Append(escape switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => escape });
        }

        return text.ToString();
    }
}
