namespace Fourteen.Testing;

/// <summary>
/// Breaks a GGUF file in ways that a parser might not expect: knows where the numbers are and gives them values at the
/// edges, then perhaps breaks the bytes. The same random numbers give the same bytes.
/// </summary>
public sealed class GgufMutator(GgufBuilder builder)
{
    private readonly byte[] _original = builder.Build();
    private readonly (int Offset, int Bytes)[] _numbers = [.. builder.Numbers];

    /// <summary>A broken file; now and then it is still valid.</summary>
    public byte[] Next(Random random)
    {
        byte[] bytes = [.. _original];
        // Numbers first, while they are still where the builder put them.
        for (int count = random.Next(4); count > 0; count--)
            BreakNumber(bytes, random);
        return random.Next(8) < 5 ? ByteMutator.Break(bytes, random) : bytes;
    }

    private void BreakNumber(byte[] bytes, Random random)
    {
        (int offset, int size) = _numbers[random.Next(_numbers.Length)];
        byte[] padded = new byte[8];
        Array.Copy(bytes, offset, padded, 0, size);
        ulong value = ByteMutator.Number(BitConverter.ToUInt64(padded), bytes.Length, random);
        Array.Copy(BitConverter.GetBytes(value), 0, bytes, offset, size);
    }
}
