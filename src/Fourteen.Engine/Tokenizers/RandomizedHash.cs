using System.Buffers.Binary;
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

    internal static uint Of(ReadOnlySpan<byte> text)
    {
        ulong hash = Fold((ulong)text.Length + 1);
        while (text.Length >= 8)
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
            text = text[8..];
        }

        ulong tail = 0;
        for (int i = 0; i < text.Length; i++)
            tail |= (ulong)text[i] << (8 * i);
        return (uint)Fold(hash ^ tail);
    }

    internal static uint Of(ulong pair) => (uint)Fold(pair + 1);

    private static ulong Fold(ulong value)
    {
        ulong high = Math.BigMul(value, _secret, out ulong low);
        return high ^ low;
    }
}
