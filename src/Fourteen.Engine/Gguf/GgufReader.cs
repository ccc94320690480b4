using System.Buffers.Binary;
using System.Numerics;

namespace Fourteen.Engine.Gguf;

/// <summary>What the head of one GGUF file says, checked against the size of the file.</summary>
internal sealed record GgufHead(int Version, GgufMetadata Metadata, List<TensorEntry> Tensors);

/// <summary>
/// Reads the head of a GGUF file, version 2 or 3: magic, version, counts, metadata, tensor infos (layout:
/// ggml's <c>gguf.h</c>). Untrusted input: any bytes give a head or a <see cref="ModelFileException"/>, with memory in
/// proportion to the bytes.
/// </summary>
internal static class GgufReader
{
    /// <summary>Limit of metadata and tensor infos together; the largest vocabularies need 20 MB.</summary>
    private const int HeadBytesMax = 256 << 20;

    /// <summary>Models have a few dozen keys; per-tensor notes of quantizers add some thousands.</summary>
    private const int KeysMax = 1 << 16;

    /// <summary>Limit of the elements of all arrays together; the largest vocabularies with scores, types and merges
    /// have two million. One-byte integers grow eightfold in memory, hence a limit beside that of the bytes.</summary>
    private const int ArrayElementsMax = 1 << 25;

    private const int KeyBytesMax = 65_535;

    private const uint ArrayType = 9;

    // The least a key and its value take: length, an empty key, type, one byte.
    private const int KeyBytesMin = 8 + 4 + 1;

    internal static GgufHead Read(ModelBytes file)
    {
        ReadOnlySpan<byte> head = file.Head(HeadBytesMax);
        if (!head.StartsWith("GGUF"u8))
            throw FileKind.Refuse(file.Path, head[..Math.Min(head.Length, 64)], "GGUF");
        GgufCursor cursor = new(file.Path, head);
        cursor.Take(4, "magic");
        int version = ReadVersion(ref cursor);
        int tensorCount = GgufTensorInfos.ReadCount(ref cursor);
        int keyCount = cursor.ReadCount("the number of metadata keys", KeyBytesMin, KeysMax);
        Dictionary<string, object> values = ReadValues(ref cursor, keyCount);
        GgufMetadata metadata = new(file.Path, values);
        long alignment = ReadAlignment(ref cursor, metadata);
        List<TensorEntry> tensors = GgufTensorInfos.Read(ref cursor, file, tensorCount, alignment);
        return new GgufHead(version, metadata, tensors);
    }

    private static int ReadVersion(ref GgufCursor cursor)
    {
        uint version = cursor.ReadUInt32("version");
        if (version is 2 or 3)
            return (int)version;
        if (version == 1)
        {
            throw cursor.Refuse("this is GGUF version 1, which is no longer read",
                "convert the model anew with a current llama.cpp");
        }

        if ((version & 0xFFFF) == 0 && version != 0)
        {
            throw cursor.Refuse("this GGUF file is big-endian; only little-endian files are read",
                "use the little-endian file of this model, or convert it with gguf_convert_endian.py of llama.cpp");
        }

        throw cursor.Refuse($"GGUF version 2 or 3 is wanted, found version {version}", "");
    }

    private static Dictionary<string, object> ReadValues(ref GgufCursor cursor, int count)
    {
        Dictionary<string, object> values = new(count, StringComparer.Ordinal);
        int elementsLeft = ArrayElementsMax;
        for (int i = 0; i < count; i++)
        {
            cursor.Place = $"metadata key {i}";
            string key = cursor.ReadString("the key", KeyBytesMax);
            cursor.Place = GgufCursor.Printable(key);
            uint type = cursor.ReadUInt32("the value's type");
            object value = type == ArrayType ? ReadArray(ref cursor, ref elementsLeft) : ReadValue(ref cursor, type);
            if (!values.TryAdd(key, value))
                throw cursor.Refuse("this metadata key occurs twice", "");
        }

        return values;
    }

    private static object ReadValue(ref GgufCursor cursor, uint type) => type switch
    {
        6 => (double)BitConverter.UInt32BitsToSingle(cursor.ReadUInt32("the value")),
        7 => cursor.ReadByte("the value") != 0,
        8 => cursor.ReadString("the value", HeadBytesMax),
        12 => BitConverter.UInt64BitsToDouble(cursor.ReadUInt64("the value")),
        _ => ReadInteger(ref cursor, type),
    };

    private static long ReadInteger(ref GgufCursor cursor, uint type) => type switch
    {
        0 => cursor.ReadByte("the value"),
        1 => (sbyte)cursor.ReadByte("the value"),
        2 => cursor.ReadUInt16("the value"),
        3 => (short)cursor.ReadUInt16("the value"),
        4 => cursor.ReadUInt32("the value"),
        5 => (int)cursor.ReadUInt32("the value"),
        10 => ToSigned(ref cursor, cursor.ReadUInt64("the value")),
        11 => (long)cursor.ReadUInt64("the value"),
        _ => throw cursor.Refuse($"the value's type is {type}, but types go from 0 to 12", ""),
    };

    private static object ReadArray(ref GgufCursor cursor, ref int elementsLeft)
    {
        uint type = cursor.ReadUInt32("the array's element type");
        int size = type switch
        {
            0 or 1 or 7 => 1,
            2 or 3 => 2,
            4 or 5 or 6 => 4,
            8 or 10 or 11 or 12 => 8, // A string takes at least its length.
            ArrayType => throw cursor.Refuse("arrays of arrays are not accepted", ""),
            _ => throw cursor.Refuse($"the array's element type is {type}, but types go from 0 to 12", ""),
        };
        int count = cursor.ReadCount("the array's length", size, elementsLeft);
        elementsLeft -= count;
        return type switch
        {
            6 or 12 => ReadFloats(cursor.Take(count * size, "the array"), count, size),
            7 => ReadBools(cursor.Take(count, "the array")),
            8 => ReadStrings(ref cursor, count),
            _ => ReadIntegers(ref cursor, count, type),
        };
    }

    private static string[] ReadStrings(ref GgufCursor cursor, int count)
    {
        var strings = new string[count];
        for (int i = 0; i < count; i++)
            strings[i] = cursor.ReadString("a string of the array", HeadBytesMax);
        return strings;
    }

    private static long[] ReadIntegers(ref GgufCursor cursor, int count, uint type)
    {
        var integers = new long[count];
        for (int i = 0; i < count; i++)
            integers[i] = ReadInteger(ref cursor, type);
        return integers;
    }

    private static double[] ReadFloats(ReadOnlySpan<byte> bytes, int count, int size)
    {
        var floats = new double[count];
        for (int i = 0; i < count; i++)
        {
            floats[i] = size == 4
                ? BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * 4)..])
                : BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * 8)..]);
        }

        return floats;
    }

    private static bool[] ReadBools(ReadOnlySpan<byte> bytes)
    {
        var bools = new bool[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            bools[i] = bytes[i] != 0;
        return bools;
    }

    private static long ToSigned(ref GgufCursor cursor, ulong value) => value <= long.MaxValue
        ? (long)value
        : throw cursor.Refuse($"the value is {value}, but integers above {long.MaxValue} are not accepted", "");

    private static long ReadAlignment(ref GgufCursor cursor, GgufMetadata metadata)
    {
        const string Key = "general.alignment";
        long alignment = metadata.FindInteger(Key) ?? 32;
        cursor.Place = Key;
        if (alignment is < 1 or > uint.MaxValue || !BitOperations.IsPow2(alignment))
            throw cursor.Refuse($"the alignment must be a power of two, found {alignment}", "");
        return alignment;
    }
}
