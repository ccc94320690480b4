using System.Text.Json;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Fields of small JSON objects, with errors that name them.</summary>
internal static class JsonFields
{
    /// <summary>
    /// Reads a tokenizer's file; what the readers of JSON throw on a damaged one becomes what <paramref name="fail"/>
    /// makes of the rule and the cause.
    /// </summary>
    internal static TokenizerDefinition Guard(
        ReadOnlySpan<byte> json,
        Func<ReadOnlySpan<byte>, TokenizerDefinition> read,
        Func<string, Exception, ModelFileException> fail)
    {
        try
        {
            return read(json);
        }
        catch (JsonException cause)
        {
            throw fail($"the JSON is damaged: {cause.Message}", cause);
        }
        catch (InvalidOperationException cause)
        {
            // System.Text.Json throws this for a string that is no valid UTF-16 or UTF-8.
            throw fail($"a value cannot be read: {cause.Message}", cause);
        }
        catch (InvalidDataException cause)
        {
            throw fail(cause.Message, cause); // A limit, of vocabularies for one.
        }
    }

    internal static string RequireString(string path, string place, JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
            throw new ModelFileException(path, place, $"\"{name}\" must be a string");
        return value.GetString()!;   // the kind says that it is a string
    }

    internal static bool? FindBool(string path, string place, JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw new ModelFileException(path, place, $"\"{name}\" must be true or false");
        return value.GetBoolean();
    }

    internal static JsonElement RequireArray(string path, string place, JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.Array)
            throw new ModelFileException(path, place, $"\"{name}\" must be an array");
        return value;
    }
}
