using System.Buffers.Binary;
using Fourteen.Testing;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>
/// Breaks a safetensors file: the JSON of its header, the length before it, the data behind it, or any bytes. The same
/// random numbers make the same file.
/// </summary>
/// <param name="file">A valid file.</param>
internal sealed class SafeTensorsMutator(byte[] file)
{
    private const int LengthBytes = 8;

    private readonly JsonMutator _header = new(file[LengthBytes..HeaderEnd(file)]);
    private readonly byte[] _data = file[HeaderEnd(file)..];

    internal byte[] Next(Random random)
    {
        byte[] header = random.Next(5) == 0 ? file[LengthBytes..HeaderEnd(file)] : _header.Next(random);
        byte[] data = random.Next(8) switch
        {
            0 => _data[..random.Next(_data.Length + 1)],
            1 => [.. _data, .. new byte[random.Next(1, 100)]],
            _ => _data,
        };
        byte[] length = new byte[LengthBytes];
        ulong right = (ulong)header.Length;
        bool wrong = random.Next(6) == 0;
        BinaryPrimitives.WriteUInt64LittleEndian(
            length, wrong ? ByteMutator.Number(right, header.Length, random) : right);
        byte[] bytes = [.. length, .. header, .. data];
        return random.Next(10) == 0 ? ByteMutator.Break(bytes, random) : bytes;
    }

    private static int HeaderEnd(byte[] file) => LengthBytes + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
}
