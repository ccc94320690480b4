using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>
/// JSON from outside, checked before it is used: bounded depth, no key twice in an object, and texts that are texts.
/// .NET reads half a surrogate pair (<c>"\ud83d"</c>) and fails only where somebody asks for the text.
/// </summary>
public static class WireJson
{
    /// <summary>Objects and arrays within each other: schemas of real tools have about ten.</summary>
    private const int DepthMax = 64;

    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = DepthMax,
        AllowDuplicateProperties = false,
    };

    /// <summary>A request's body; the caller owns the document.</summary>
    /// <exception cref="RequestException">It is no JSON that is accepted.</exception>
    public static JsonDocument ParseBody(ReadOnlyMemory<byte> utf8)
    {
        CheckTexts(utf8.Span);
        try
        {
            return JsonDocument.Parse(utf8, Strict);
        }
        catch (JsonException fault)
        {
            throw new RequestException("", $"the body is not JSON that is accepted here: {fault.Message}");
        }
    }

    /// <summary>The root of a body, whoever parsed it.</summary>
    internal static WireValue Open(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Undefined)
            CheckTexts(JsonMarshal.GetRawUtf8Value(body));
        return new WireValue(body, "");
    }

    /// <summary>JSON within a text; false where it is none, or none that is accepted.</summary>
    internal static bool TryParse(string text, out JsonNode? node)
    {
        node = null;
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        if (FindBrokenEscape(utf8) >= 0)
            return false;
        try
        {
            node = JsonNode.Parse(utf8, documentOptions: Strict);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Writes a JSON object that stands in a text without the white space between its tokens, so that it stays one
    /// line. An empty text counts as an object without members.
    /// </summary>
    /// <returns>False where the text is no object, as one that was cut off; then an empty one is written.</returns>
    internal static bool WriteObject(Utf8JsonWriter json, string text)
    {
        if (TryParse(text, out JsonNode? node) && node is JsonObject)
        {
            node.WriteTo(json);
            return true;
        }

        json.WriteStartObject();
        json.WriteEndObject();
        return text.Length == 0;
    }

    private static void CheckTexts(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            throw new RequestException("", "the body must be UTF-8, found bytes that are none");
        int broken = FindBrokenEscape(utf8);
        if (broken >= 0)
        {
            string place = broken.ToString(CultureInfo.InvariantCulture);
            throw new RequestException("", $"the body holds half a surrogate pair at byte {place}; send both halves");
        }
    }

    /// <summary>Where an escape stands for half a character; -1 where none does. In JSON a backslash stands in texts
    /// alone.
    /// </summary>
    private static int FindBrokenEscape(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (true)
        {
            int next = utf8[at..].IndexOf((byte)'\\');
            if (next < 0)
                return -1;
            at += next;
            if (UnitAt(utf8[at..]) is not { } unit)
            {
                at = Math.Min(at + 2, utf8.Length);
                continue;
            }

            bool isPair = char.IsHighSurrogate(unit) && UnitAt(utf8[(at + 6)..]) is { } low && char.IsLowSurrogate(low);
            if (char.IsSurrogate(unit) && !isPair)
                return at;
            at += isPair ? 12 : 6;
        }
    }

    /// <summary>The code unit of an escape of six bytes, or null where none begins here.</summary>
    private static char? UnitAt(ReadOnlySpan<byte> utf8) =>
        utf8.Length >= 6 && utf8[0] == '\\' && utf8[1] == 'u'
        && ushort.TryParse(utf8[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : null;
}
