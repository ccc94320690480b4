using Fourteen.Formats;

namespace Fourteen.Engine.Gguf;

/// <summary>
/// Reads the tensor infos of a GGUF file and finds each tensor's bytes: dimensions, type and offset are checked with
/// overflow in mind, and no tensor reaches over the end of the file.
/// </summary>
internal static class GgufTensorInfos
{
    /// <summary>Old mixture models with a tensor per expert have under 100,000 tensors.</summary>
    private const int TensorsMax = 1 << 20;

    /// <summary>GGML_MAX_NAME is 64 with the closing zero; some writers fill all 64.</summary>
    private const int NameBytesMax = 64;

    /// <summary>GGML_MAX_DIMS.</summary>
    private const int DimensionsMax = 4;

    // The least a tensor info takes up to its first variable part: length, an empty name, count of dimensions. It only
    // bounds the memory for a count; a file that ends later is refused there, with a message about that field.
    private const int InfoBytesMin = 8 + 4;

    private readonly record struct ListedTensor(string Name, GgmlType Type, long[] Dimensions, long Offset, long Bytes);

    internal static int ReadCount(ref GgufCursor cursor) =>
        cursor.ReadCount("the number of tensors", InfoBytesMin, TensorsMax);

    /// <summary>
    /// Reads <paramref name="count"/> infos and the place of their data, which starts at the next multiple of
    /// <paramref name="alignment"/> after them.
    /// </summary>
    internal static List<TensorEntry> Read(ref GgufCursor cursor, ModelBytes file, int count, long alignment)
    {
        List<ListedTensor> infos = new(count);
        HashSet<string> names = new(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            ListedTensor info = ReadInfo(ref cursor, i, alignment);
            if (!names.Add(info.Name))
                throw cursor.Refuse("a tensor of this name occurs twice", "");
            infos.Add(info);
        }

        long dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        CheckEnd(file, infos, dataStart);
        List<TensorEntry> tensors = new(count);
        foreach (ListedTensor info in infos)
        {
            nint address = file.Address + (nint)(dataStart + info.Offset);
            tensors.Add(new TensorEntry(info.Name, info.Type, info.Dimensions, address, info.Bytes)
            {
                File = file.File,
            });
        }

        return tensors;
    }

    private static ListedTensor ReadInfo(ref GgufCursor cursor, int index, long alignment)
    {
        cursor.Place = $"tensor {index}";
        string name = cursor.ReadString("the tensor's name", NameBytesMax);
        cursor.Place = GgufCursor.Printable(name);
        long[] dimensions = ReadDimensions(ref cursor);
        GgmlTypeTraits traits = ReadType(ref cursor);
        if (dimensions[0] % traits.BlockElements != 0)
        {
            throw cursor.Refuse($"a row of type {traits.Name} needs a multiple of {traits.BlockElements} elements, "
                + $"found {dimensions[0]}", "export the model again");
        }

        ulong offset = cursor.ReadUInt64("the tensor's offset");
        if (offset > long.MaxValue)
            throw cursor.Refuse($"the offset is {offset}, which lies outside the file", "");
        if (offset % (ulong)alignment != 0)
            throw cursor.Refuse($"the offset must be a multiple of the alignment {alignment}, found {offset}", "");
        return new ListedTensor(name, traits.Type, dimensions, (long)offset, Bytes(ref cursor, traits, dimensions));
    }

    private static long[] ReadDimensions(ref GgufCursor cursor)
    {
        uint count = cursor.ReadUInt32("the number of dimensions");
        if (count is < 1 or > DimensionsMax)
            throw cursor.Refuse($"a tensor has 1 to {DimensionsMax} dimensions, found {count}", "");
        var dimensions = new long[count];
        for (int i = 0; i < count; i++)
        {
            ulong size = cursor.ReadUInt64("a dimension");
            if (size is 0 or > long.MaxValue)
                throw cursor.Refuse($"dimension {i} must be 1 or more (counted from 0), found {(long)size}", "");
            dimensions[i] = (long)size;
        }

        return dimensions;
    }

    private static GgmlTypeTraits ReadType(ref GgufCursor cursor)
    {
        uint id = cursor.ReadUInt32("the tensor's type");
        if (id <= int.MaxValue && GgmlTypeTraits.Find((GgmlType)id) is { } traits)
            return traits;
        string what = id switch
        {
            4 or 5 => $"the tensor type {id} ({(id == 4 ? "Q4_2" : "Q4_3")}) was removed from ggml",
            31 or 32 or 33 => $"the tensor type {id} (Q4_0 repacked for ARM) was removed from ggml",
            36 or 37 or 38 => $"the tensor type {id} (IQ4_NL repacked, or I2_S of a fork) was removed from ggml",
            >= 97 and < 1000 => $"the tensor type {id} is none of ggml's, but perhaps one of ik_llama.cpp's own",
            _ => $"the tensor type {id} is unknown",
        };
        throw cursor.Refuse(what, "use a file of this model with ordinary ggml types");
    }

    private static long Bytes(ref GgufCursor cursor, GgmlTypeTraits traits, long[] dimensions)
    {
        try
        {
            long rows = 1;
            for (int i = 1; i < dimensions.Length; i++)
                rows = checked(rows * dimensions[i]);
            // The product of all dimensions must fit as well: it is what others count elements with.
            _ = checked(rows * dimensions[0]);
            return checked(rows * traits.RowBytes(dimensions[0]));
        }
        catch (OverflowException)
        {
            throw cursor.Refuse(
                $"the product of the dimensions {string.Join(" × ", dimensions)} overflows 64 bits", "");
        }
    }

    /// <summary>Refuses a file that ends before its tensors do.</summary>
    private static void CheckEnd(ModelBytes file, List<ListedTensor> infos, long dataStart)
    {
        long available = Math.Max(file.Length - dataStart, 0);
        int first = infos.FindIndex(info => info.Offset > available || info.Bytes > available - info.Offset);
        if (first < 0)
            return;
        Int128 needed = infos.Max(info => (Int128)dataStart + info.Offset + info.Bytes); // Three longs: no overflow.
        throw new ModelFileException(
            file.Path, GgufCursor.Printable(infos[first].Name),
            $"the file is truncated or damaged: its tensors need {needed} bytes, found {file.Length}, and this is the "
            + $"first tensor that does not fit (offset {infos[first].Offset}, {infos[first].Bytes} bytes)",
            "download it again");
    }
}
