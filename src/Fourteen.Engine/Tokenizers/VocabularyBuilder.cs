using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Makes the vocabulary out of a file's spelling of it.</summary>
internal static class VocabularyBuilder
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static Vocabulary Build(TokenizerDefinition definition)
    {
        var bytes = new PackedStrings();
        var reachable = new bool[definition.Kinds.Length];
        byte[] buffer = new byte[256];
        for (int id = 0; id < definition.Kinds.Length; id++)
        {
            ReadOnlySpan<byte> text = definition.Texts.IsSet(id) ? definition.Texts[id] : default;
            if (buffer.Length < text.Length)
                buffer = new byte[text.Length * 2];
            bool spelled = TryDecode(definition.Spelling, text, buffer, out int length) && length > 0;
            ReadOnlySpan<byte> decoded = buffer.AsSpan(0, length);

            // An added token means its own text, also where that could be read in the file's spelling.
            TokenKind kind = definition.Kinds[id];
            bool isNormal = kind is TokenKind.Normal or TokenKind.Unused;
            reachable[id] = spelled && (isNormal || (kind != TokenKind.Byte && decoded.SequenceEqual(text)));
            if (kind == TokenKind.Byte)
                bytes.Set(id, [ByteOf(definition, id, text)]);
            else
                bytes.Set(id, isNormal && spelled ? decoded : text);
        }

        return new Vocabulary(bytes, definition.Kinds, reachable);
    }

    /// <summary>
    /// The bytes of a spelling, or false where it holds what text never becomes. <paramref name="bytes"/> needs the
    /// spelling's length.
    /// </summary>
    internal static bool TryDecode(Spelling spelling, ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        switch (spelling)
        {
            case Spelling.ByteAlphabet:
                return ByteAlphabet.TryDecode(text, bytes, out length);
            case Spelling.SpaceMarks:
                length = SpaceMarks.ToSpaces(text, bytes);
                return !text.Contains((byte)' ');
            default:
                text.CopyTo(bytes);
                length = text.Length;
                return true;
        }
    }

    // <0x00> to <0xFF>
    private static byte ByteOf(TokenizerDefinition definition, int id, ReadOnlySpan<byte> text)
    {
        bool isByte = text.Length == 6 && text.StartsWith("<0x"u8) && text[5] == '>';
        if (isByte
            && byte.TryParse(text[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            return value;
        throw new ModelFileException(definition.Path, $"token {id}",
            $"a byte token is spelled <0x00> to <0xFF>, but this one is \"{TokenizerText.Shorten(text)}\"");
    }
}
