using System.Text;

namespace Fourteen.Testing;

/// <summary>Breaks bytes of any format: cuts, copies, overwrites and inserts ranges, and flips bits.</summary>
public static class ByteMutator
{
    private const int RangeBytesMax = 64;

    /// <summary>Breaks the bytes once; the result may be the array itself, changed.</summary>
    public static byte[] Break(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return Insert(bytes, random);
        return random.Next(6) switch
        {
            0 => bytes[..random.Next(bytes.Length)],
            1 => Splice(bytes, random),
            2 => Insert(bytes, random),
            3 => FlipBits(bytes, random),
            4 => Overwrite(bytes, random),
            _ => Append(bytes, random),
        };
    }

    /// <summary>A number at or near an edge: of 8, 16, 32 or 64 bits, of <paramref name="old"/>, of a length.</summary>
    public static ulong Number(ulong old, int bytes, Random random) => random.Next(12) switch
    {
        0 => 0,
        1 => 1,
        2 => old + 1,
        3 => old - 1,
        4 => ulong.MaxValue,
        5 => long.MaxValue,
        6 => 1UL << random.Next(64),
        7 => (1UL << random.Next(64)) - 1,
        8 => (ulong)random.Next(64),
        9 => (ulong)random.Next(Math.Max(1, bytes)),
        10 => old * (ulong)random.NextInt64(),
        _ => (ulong)random.NextInt64(),
    };

    private static (int Start, int Length) Range(int bytes, Random random)
    {
        int start = random.Next(bytes);
        return (start, random.Next(1, Math.Min(bytes - start, RangeBytesMax) + 1));
    }

    /// <summary>Removes one range and puts another in its place.</summary>
    private static byte[] Splice(byte[] bytes, Random random)
    {
        (int start, int length) = Range(bytes.Length, random);
        (int from, int count) = Range(bytes.Length, random);
        return [.. bytes[..start], .. bytes[from..(from + count)], .. bytes[(start + length)..]];
    }

    private static byte[] Insert(byte[] bytes, Random random)
    {
        int at = random.Next(bytes.Length + 1);
        byte[] inserted = new byte[random.Next(1, 40)];
        random.NextBytes(inserted);
        return [.. bytes[..at], .. inserted, .. bytes[at..]];
    }

    private static byte[] FlipBits(byte[] bytes, Random random)
    {
        for (int count = random.Next(1, 9); count > 0; count--)
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static byte[] Overwrite(byte[] bytes, Random random)
    {
        (int start, int length) = Range(bytes.Length, random);
        random.NextBytes(bytes.AsSpan(start, length));
        return bytes;
    }

    /// <summary>Puts what some programs write around a text: a byte order mark, blanks, a second document.</summary>
    private static byte[] Append(byte[] bytes, Random random) => random.Next(5) switch
    {
        0 => [.. "\ufeff"u8, .. bytes],
        1 => [.. bytes, .. Encoding.UTF8.GetBytes(new string(' ', random.Next(1, 300)))],
        2 => [.. bytes, 0],
        3 => [.. Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(bytes))],
        _ => [.. bytes, .. bytes],
    };
}
