using System.Diagnostics;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Code points of valid UTF-8. Everything here works on text that was UTF-16 before, so that it is valid by
/// construction and needs no further checks.
/// </summary>
internal static class Utf8Rune
{
    /// <summary>The code point at <paramref name="index"/> and its length in bytes.</summary>
    internal static int Read(ReadOnlySpan<byte> text, int index, out int length)
    {
        int lead = text[index];
        if (lead < 0x80)
        {
            length = 1;
            return lead;
        }

        Debug.Assert(lead >= 0xC2, "the index must lie on the first byte of a character");
        if (lead < 0xE0)
        {
            length = 2;
            return ((lead & 0x1F) << 6) | (text[index + 1] & 0x3F);
        }

        if (lead < 0xF0)
        {
            length = 3;
            return ((lead & 0x0F) << 12) | ((text[index + 1] & 0x3F) << 6) | (text[index + 2] & 0x3F);
        }

        length = 4;
        return ((lead & 0x07) << 18) | ((text[index + 1] & 0x3F) << 12) | ((text[index + 2] & 0x3F) << 6)
            | (text[index + 3] & 0x3F);
    }

    /// <summary>The start of the character that ends before <paramref name="end"/>.</summary>
    internal static int StartBefore(ReadOnlySpan<byte> text, int end)
    {
        int start = end - 1;
        while ((text[start] & 0xC0) == 0x80)
            start--;
        return start;
    }
}
