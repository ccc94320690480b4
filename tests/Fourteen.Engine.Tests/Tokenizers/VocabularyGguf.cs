using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>The metadata of a GGUF file (perhaps gzipped), read without any care: for test files only.</summary>
internal sealed class VocabularyGguf
{
    private readonly byte[] _data;
    private int _at = 8;   // after magic and version

    private VocabularyGguf(byte[] data) => _data = data;

    internal static GgufMetadata Read(string path)
    {
        var reader = new VocabularyGguf(ReadBytes(path));
        reader.Integer(8);   // tensors
        long count = reader.Integer(8);
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string key = reader.Text();
            values.Add(key, reader.Value((int)reader.Integer(4)));
        }

        return new GgufMetadata(path, values);
    }

    internal static byte[] ReadBytes(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
            return File.ReadAllBytes(path);
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private object Value(int type) => type switch
    {
        0 or 1 => Integer(1),
        2 or 3 => Integer(2),
        4 => Integer(4),
        5 => (long)(int)Integer(4),
        6 => (double)BitConverter.Int32BitsToSingle((int)Integer(4)),
        7 => Integer(1) != 0,
        8 => Text(),
        9 => List((int)Integer(4), (int)Integer(8)),
        10 or 11 => Integer(8),
        12 => BitConverter.Int64BitsToDouble(Integer(8)),
        _ => throw new InvalidDataException($"type {type}"),
    };

    private Array List(int type, int count)
    {
        var items = new object[count];
        for (int i = 0; i < count; i++)
            items[i] = Value(type);
        return type switch
        {
            8 => Array.ConvertAll(items, item => (string)item),
            6 or 12 => Array.ConvertAll(items, item => (double)item),
            7 => Array.ConvertAll(items, item => (bool)item),
            _ => Array.ConvertAll(items, item => (long)item),
        };
    }

    private string Text()
    {
        int length = (int)Integer(8);
        _at += length;
        return Encoding.UTF8.GetString(_data, _at - length, length);
    }

    private long Integer(int bytes)
    {
        Span<byte> wide = stackalloc byte[8];
        wide.Clear();
        _data.AsSpan(_at, bytes).CopyTo(wide);
        _at += bytes;
        return BinaryPrimitives.ReadInt64LittleEndian(wide);
    }
}
