using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// The alphabet in which byte-level BPE files spell bytes as visible characters (GPT-2's <c>bytes_to_unicode</c>): the
/// bytes 21–7E, A1–AC and AE–FF are the character of the same number, the other 68 in ascending order are U+0100,
/// U+0101, … . So a space is <c>Ġ</c> (U+0120) and a line feed <c>Ċ</c> (U+010A).
/// </summary>
internal static class ByteAlphabet
{
    private const int OthersStart = 0x100;
    private const int OthersCount = 68;

    private static readonly short[] _byteOf = MakeTable();

    /// <summary>The character that stands for a byte.</summary>
    internal static char Spell(byte value) => (char)Array.IndexOf(_byteOf, value);

    /// <summary>
    /// The bytes that a token's spelling (UTF-8) stands for. False where it holds a character outside the alphabet.
    /// <paramref name="bytes"/> needs the spelling's length.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool TryDecode(ReadOnlySpan<byte> spelling, Span<byte> bytes, out int length)
    {
        length = 0;
        int i = 0;
        while (i < spelling.Length)
        {
            int character = spelling[i++];
            if (character >= 0x80)
            {
                // Two-byte sequences reach U+07FF, and the alphabet ends at U+0143.
                if (character is < 0xC2 or > 0xDF || i == spelling.Length)
                    return false;
                character = ((character & 0x1F) << 6) | (spelling[i++] & 0x3F);
            }

            if (character >= _byteOf.Length || _byteOf[character] < 0)
                return false;
            bytes[length++] = (byte)_byteOf[character];
        }

        return true;
    }

    private static short[] MakeTable()
    {
        var byteOf = new short[OthersStart + OthersCount];
        Array.Fill(byteOf, (short)-1);
        int other = OthersStart;
        for (short value = 0; value < 256; value++)
        {
            bool visible = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            byteOf[visible ? value : other++] = value;
        }

        return byteOf;
    }
}
