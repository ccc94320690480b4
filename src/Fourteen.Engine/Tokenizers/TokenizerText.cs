using System.Text;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Bytes of tokens as text for messages.</summary>
internal static class TokenizerText
{
    private const int CharsMax = 60;

    /// <summary>The bytes as text that fits into a message.</summary>
    internal static string Shorten(ReadOnlySpan<byte> bytes) =>
        Shorten(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4 * CharsMax)]));

    internal static string Shorten(string text) => text.Length <= CharsMax ? text : text[..CharsMax] + "…";
}
