using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// Reads the JSON header of a safetensors file: name → dtype, shape, data_offsets; and <c>__metadata__</c>, which is
/// skipped. Streaming, so that memory stays in proportion to the tensors it names.
/// </summary>
internal static class SafeTensorsHeader
{
    /// <summary>Mixture models with a tensor per expert have under 100,000 tensors.</summary>
    private const int TensorsMax = 1 << 20;

    /// <summary>Tensors of more dimensions are in no language model.</summary>
    private const int DimensionsMax = 8;

    internal static List<SafeTensor> Read(string path, ReadOnlySpan<byte> header)
    {
        List<SafeTensor> tensors = [];
        string place = "";
        try
        {
            // The header is an object of objects of arrays: three levels.
            Utf8JsonReader reader = new(header, new JsonReaderOptions { MaxDepth = 4 });
            HashSet<string> names = new(StringComparer.Ordinal);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                place = "";
                string name = NameOf(ref reader);
                place = GgufCursor.Printable(name);
                if (!names.Add(name))
                    throw new ModelFileException(path, place, "a tensor of this name occurs twice");
                if (tensors.Count == TensorsMax)
                    throw new ModelFileException(path, place, $"at most {TensorsMax} tensors are accepted");
                reader.Read();
                if (name == "__metadata__")
                    reader.Skip();
                else
                    tensors.Add(ReadTensor(path, name, ref reader));
            }

            place = "";
            while (reader.Read())
            {
                // Only spaces may follow, so this reads nothing; anything else is a JsonException.
            }
        }
        // The second is what the reader throws for a string with half a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(
                path, place, $"the header is no valid JSON: {e.Message}", "download the file again", e);
        }

        return tensors;
    }

    private static SafeTensor ReadTensor(string path, string name, ref Utf8JsonReader reader)
    {
        string place = GgufCursor.Printable(name);
        string? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ModelFileException(path, place, "a tensor must be described by a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = NameOf(ref reader);
            reader.Read();
            bool isNew = key switch
            {
                "dtype" => TryOnce(ref dtype, ReadText(path, place, ref reader)),
                "shape" => TryOnce(ref shape, ReadNumbers(path, place, key, DimensionsMax, ref reader)),
                "data_offsets" => TryOnce(ref offsets, ReadNumbers(path, place, key, 2, ref reader)),
                _ => SkipValue(ref reader),
            };
            if (!isNew)
                throw new ModelFileException(path, place, $"\"{key}\" occurs twice");
        }

        if (dtype is null || shape is null || offsets is not [long begin, long end])
            throw new ModelFileException(path, place, "dtype, shape and two data_offsets must be there");
        CheckSize(path, place, dtype, shape, begin, end);
        return new SafeTensor(name, dtype, shape, begin, end);
    }

    private static void CheckSize(string path, string place, string dtype, long[] shape, long begin, long end)
    {
        int bits = Bits(dtype);
        if (bits == 0)
            throw new ModelFileException(path, place, $"the dtype {GgufCursor.Printable(dtype)} is unknown");
        Int128 needed = bits;
        foreach (long size in shape)
        {
            needed *= size; // Below 2^63 · 2^63 before it is checked.
            if (needed > long.MaxValue)
            {
                throw new ModelFileException(
                    path, place, $"the product of the dimensions {string.Join(" × ", shape)} is too large");
            }
        }

        if (end < begin || needed % 8 != 0 || end - begin != (long)(needed / 8))
        {
            throw new ModelFileException(
                path, place, $"shape [{string.Join(", ", shape)}] of {dtype} needs {needed / 8} bytes, but "
                + $"data_offsets are {begin} to {end}");
        }
    }

    private static int Bits(string dtype) => dtype switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" => 8,
        "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "I64" or "U64" or "F64" or "C64" => 64,
        _ => 0,
    };

    private static bool TryOnce<T>(ref T? slot, T value) where T : class
    {
        bool isNew = slot is null;
        slot = value;
        return isNew;
    }

    /// <summary>Other keys are ignored, as by the format's own reader.</summary>
    private static bool SkipValue(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return true;
    }

    private static string NameOf(ref Utf8JsonReader reader) => reader.GetString() ?? "";

    private static string ReadText(string path, string place, ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String
            ? reader.GetString() ?? ""
            : throw new ModelFileException(path, place, "dtype must be a string");

    private static long[] ReadNumbers(string path, string place, string key, int countMax, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new ModelFileException(path, place, $"{key} must be an array of whole numbers");
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw new ModelFileException(path, place, $"{key} must hold whole numbers from 0 to 2^63 − 1");
            if (numbers.Count == countMax)
                throw new ModelFileException(path, place, $"{key} may have at most {countMax} numbers");
            numbers.Add(number);
        }

        return [.. numbers];
    }
}
