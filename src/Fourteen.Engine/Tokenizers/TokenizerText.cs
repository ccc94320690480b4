using System.Buffers;
using System.Text;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Bytes of tokens as text.</summary>
internal static class TokenizerText
{
    private const int CharsMax = 60;

    /// <summary>The bytes as text that fits into a message.</summary>
    internal static string Shorten(ReadOnlySpan<byte> bytes) =>
        Shorten(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4 * CharsMax)]));

    /// <summary>SentencePiece's rule: one U+FFFD for each byte that is part of no character.</summary>
    internal static string ReplaceEachInvalidByte(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done;
            if (isValid)
                text.Append(rune.ToString());
            else
                text.Append('\ufffd', length);
            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The text as it fits into a message: short and without control characters.</summary>
    internal static string Shorten(string text) =>
        GgufCursor.Printable(text.Length <= CharsMax ? text : text[..CharsMax] + "…");
}
