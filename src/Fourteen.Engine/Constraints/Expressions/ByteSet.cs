using System.Numerics;

namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>A set of bytes as 256 bits.</summary>
internal readonly record struct ByteSet(ulong A, ulong B, ulong C, ulong D)
{
    public int Count =>
        BitOperations.PopCount(A) + BitOperations.PopCount(B) + BitOperations.PopCount(C) + BitOperations.PopCount(D);

    /// <summary>The smallest member; the set is not empty.</summary>
    public byte First => (byte)(A != 0 ? BitOperations.TrailingZeroCount(A)
        : B != 0 ? 64 + BitOperations.TrailingZeroCount(B)
        : C != 0 ? 128 + BitOperations.TrailingZeroCount(C)
        : 192 + BitOperations.TrailingZeroCount(D));

    public static ByteSet Of(byte value) => Range(value, value);

    /// <summary>The bytes from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public static ByteSet Range(byte low, byte high)
    {
        Span<ulong> words = stackalloc ulong[4];
        for (int value = low; value <= high; value++)
            words[value >> 6] |= 1UL << (value & 63);
        return new ByteSet(words[0], words[1], words[2], words[3]);
    }

    public static ByteSet operator |(ByteSet x, ByteSet y) => new(x.A | y.A, x.B | y.B, x.C | y.C, x.D | y.D);

    public bool Contains(byte value)
    {
        ulong word = value < 128 ? (value < 64 ? A : B) : (value < 192 ? C : D);
        return (word >> (value & 63) & 1) != 0;
    }
}
