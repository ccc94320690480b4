using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Hashes of byte strings and token pairs by multiply-and-fold with a secret of this process: a vocabulary file made to
/// collide cannot make loading slow. Nothing that a user sees depends on the values.
/// </summary>
internal static class RandomizedHash
{
    private static readonly ulong _secret =
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static uint Of(ReadOnlySpan<byte> text)
    {
        ulong hash = (ulong)text.Length + 1;
        while (text.Length > 8)
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
            text = text[8..];
        }

        // The last 1 to 8 bytes: two reads that overlap where there are fewer than 8.
        ulong tail = text.Length switch
        {
            >= 4 => BinaryPrimitives.ReadUInt32LittleEndian(text)
                | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(text[^4..]) << 32),
            >= 2 => BinaryPrimitives.ReadUInt16LittleEndian(text) | ((ulong)text[^1] << 16),
            1 => text[0],
            _ => 0,
        };
        return (uint)Fold(Fold(hash) ^ tail);
    }

    internal static uint Of(ulong pair) => (uint)Fold(pair + 1);

    private static ulong Fold(ulong value)
    {
        ulong high = Math.BigMul(value, _secret, out ulong low);
        return high ^ low;
    }
}
