using System.Buffers.Binary;
using System.Text;

namespace Fourteen.Engine.Gguf;

/// <summary>
/// Reads the head of a GGUF file forwards. Every length and count is compared with the bytes that are left before
/// anything is allocated for it.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">The head, or the whole file where it is shorter than the head may be.</param>
internal ref struct GgufCursor(string path, ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    internal int Position { get; private set; }

    /// <summary>The key or tensor that is being read, for messages.</summary>
    internal string Place { get; set; } = "";

    private readonly int Left => _bytes.Length - Position;

    internal byte ReadByte(string field) => Take(1, field)[0];

    internal ushort ReadUInt16(string field) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, field));

    internal uint ReadUInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, field));

    internal ulong ReadUInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, field));

    /// <summary>A u64 count of things that take at least <paramref name="bytesEach"/> bytes of the file.</summary>
    internal int ReadCount(string field, int bytesEach, int countMax)
    {
        ulong count = ReadUInt64(field);
        if (count > (ulong)(Left / bytesEach))
        {
            throw Refuse($"{field} is {count}, but only {Left} bytes of the file's head are left, "
                + $"room for {Left / bytesEach}", "the file is damaged or truncated; download it again");
        }

        if (count > (ulong)countMax)
            throw Refuse($"{field} is {count}, but at most {countMax} are accepted", "");
        return (int)count;
    }

    /// <summary>A string: u64 length in bytes, then UTF-8; what is no UTF-8 becomes U+FFFD.</summary>
    internal string ReadString(string field, int bytesMax)
    {
        ulong length = ReadUInt64(field);
        if (length > (ulong)Left)
        {
            throw Refuse($"the length of {field} is {length}, but only {Left} bytes of the file's head are left",
                "the file is damaged or truncated; download it again");
        }

        if (length > (ulong)bytesMax)
            throw Refuse($"the length of {field} is {length}, but at most {bytesMax} bytes are accepted", "");
        return Encoding.UTF8.GetString(Take((int)length, field));
    }

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    internal ReadOnlySpan<byte> Take(int count, string field)
    {
        if (count > Left)
        {
            throw Refuse($"the file ends inside its head: {field} needs {count} bytes, found {Left}",
                "the file is truncated; download it again");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>A name out of a file, made fit for a message: short and without control characters.</summary>
    internal static string Printable(string name)
    {
        const int CharsMax = 100;
        bool clean = name.Length <= CharsMax && !name.Any(char.IsControl);
        return clean ? name : string.Concat(name.Take(CharsMax).Select(c => char.IsControl(c) ? '\ufffd' : c));
    }

    internal readonly ModelFileException Refuse(string rule, string remedy) => new(path, Place, rule, remedy);
}
