using System.Globalization;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>The escapes of a Python string literal. An unknown escape stays as it is written.</summary>
internal static class StringLiteral
{
    public static string Unescape(string body, int line)
    {
        int at = body.IndexOf('\\', StringComparison.Ordinal);
        if (at < 0)
            return body;
        var text = new StringBuilder(body.Length);
        text.Append(body, 0, at);
        while (at < body.Length)
        {
            if (body[at] != '\\')
                text.Append(body[at++]);
            else
                at = Escape(body, at + 1, text, line);
        }

        return text.ToString();
    }

    /// <summary>
    /// Appends what the escape at this position (after the backslash) means, and returns the position after.
    /// </summary>
    private static int Escape(string body, int at, StringBuilder text, int line)
    {
        char c = body[at];
        switch (c)
        {
            case '\n': break;
            case '\\' or '\'' or '"': text.Append(c); break;
            case 'a': text.Append('\a'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'n': text.Append('\n'); break;
            case 'r': text.Append('\r'); break;
            case 't': text.Append('\t'); break;
            case 'v': text.Append('\v'); break;
            case 'x': return Hex(body, at + 1, 2, text, line);
            case 'u': return Hex(body, at + 1, 4, text, line);
            case 'U': return Hex(body, at + 1, 8, text, line);
            case 'N':
                throw SyntaxException.At(
                line, "\\N{...} needs the names of all characters: write \\uXXXX instead");
            case >= '0' and <= '7': return Octal(body, at, text);
            default: text.Append('\\').Append(c); break;
        }

        return at + 1;
    }

    private static int Hex(string body, int at, int digits, StringBuilder text, int line)
    {
        int end = at;
        while (end < body.Length && end < at + digits && char.IsAsciiHexDigit(body[end]))
            end++;
        char letter = body[at - 1];
        if (end < at + digits)
            throw SyntaxException.At(line, $"truncated \\{letter}{new string('X', digits)} escape");
        uint codePoint = uint.Parse(body.AsSpan(at, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (codePoint > 0x10FFFF)
            throw SyntaxException.At(line, "illegal Unicode character");
        CodePoints.Append(text, (int)codePoint);
        return end;
    }

    private static int Octal(string body, int at, StringBuilder text)
    {
        int value = 0;
        int end = at;
        while (end < body.Length && end < at + 3 && body[end] is >= '0' and <= '7')
            value = (value * 8) + (body[end++] - '0');
        text.Append((char)value);
        return end;
    }
}
