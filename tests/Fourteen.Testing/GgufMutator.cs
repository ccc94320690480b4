namespace Fourteen.Testing;

/// <summary>
/// Breaks a GGUF file in ways that a parser might not expect: knows where the numbers are and gives them values at the
/// edges; cuts, copies and overwrites ranges. The same seed gives the same bytes.
/// </summary>
public sealed class GgufMutator(GgufBuilder builder, int seed)
{
    private readonly byte[] _original = builder.Build();
    private readonly (int Offset, int Bytes)[] _numbers = [.. builder.Numbers];
    private readonly Random _random = new(seed);

    /// <summary>The next broken file; now and then it is still valid.</summary>
    public byte[] Next()
    {
        byte[] bytes = [.. _original];
        // Numbers first, while they are still where the builder put them.
        for (int count = _random.Next(4); count > 0; count--)
            BreakNumber(bytes);
        return _random.Next(8) switch
        {
            0 => bytes[.._random.Next(bytes.Length + 1)],
            1 => Splice(bytes),
            2 => Insert(bytes),
            3 => FlipBits(bytes),
            4 => Overwrite(bytes),
            _ => bytes,
        };
    }

    private void BreakNumber(byte[] bytes)
    {
        (int offset, int size) = _numbers[_random.Next(_numbers.Length)];
        byte[] padded = new byte[8];
        Array.Copy(bytes, offset, padded, 0, size);
        ulong old = BitConverter.ToUInt64(padded);
        ulong value = _random.Next(12) switch
        {
            0 => 0,
            1 => 1,
            2 => old + 1,
            3 => old - 1,
            4 => ulong.MaxValue,
            5 => long.MaxValue,
            6 => 1UL << _random.Next(64),
            7 => (1UL << _random.Next(64)) - 1,
            8 => (ulong)_random.Next(64),
            9 => (ulong)_random.Next(bytes.Length),
            10 => old * (ulong)_random.NextInt64(),
            _ => (ulong)_random.NextInt64(),
        };
        Array.Copy(BitConverter.GetBytes(value), 0, bytes, offset, size);
    }

    private (int Start, int Length) Range(int bytes)
    {
        int start = _random.Next(bytes);
        return (start, _random.Next(1, Math.Min(bytes - start, 64) + 1));
    }

    /// <summary>Removes one range and puts another in its place.</summary>
    private byte[] Splice(byte[] bytes)
    {
        (int start, int length) = Range(bytes.Length);
        (int from, int count) = Range(bytes.Length);
        return [.. bytes[..start], .. bytes[from..(from + count)], .. bytes[(start + length)..]];
    }

    private byte[] Insert(byte[] bytes)
    {
        int at = _random.Next(bytes.Length);
        byte[] inserted = new byte[_random.Next(1, 40)];
        _random.NextBytes(inserted);
        return [.. bytes[..at], .. inserted, .. bytes[at..]];
    }

    private byte[] FlipBits(byte[] bytes)
    {
        for (int count = _random.Next(1, 9); count > 0; count--)
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        return bytes;
    }

    private byte[] Overwrite(byte[] bytes)
    {
        (int start, int length) = Range(bytes.Length);
        _random.NextBytes(bytes.AsSpan(start, length));
        return bytes;
    }
}
