using System.Text.Json;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Fields of small JSON objects, with errors that name them.</summary>
internal static class JsonFields
{
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
