namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// SentencePiece writes a space as U+2581. The pipeline goes the other way and reads both as a space, in text and in
/// tokens alike: a typed U+2581 is the same token there too, and a space is one byte instead of three.
/// </summary>
internal static class SpaceMarks
{
    private static ReadOnlySpan<byte> Mark => [0xE2, 0x96, 0x81];

    /// <summary>
    /// Copies the text with a space for each mark; the result's length. The output may not be longer.
    /// </summary>
    internal static int ToSpaces(ReadOnlySpan<byte> text, Span<byte> output)
    {
        int length = 0;
        while (true)
        {
            int mark = text.IndexOf(Mark);
            ReadOnlySpan<byte> before = mark < 0 ? text : text[..mark];
            before.CopyTo(output[length..]);
            length += before.Length;
            if (mark < 0)
                return length;
            output[length++] = (byte)' ';
            text = text[(mark + Mark.Length)..];
        }
    }
}
