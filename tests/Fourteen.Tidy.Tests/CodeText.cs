namespace Fourteen.Tidy.Tests;

/// <summary>
/// Blanks comments and literals of C#, so that a rule about code does not trip over prose. A scanner for our own files,
/// not a lexer: an interpolated string is blanked with its holes, and a quote inside a hole ends it early, at the
/// latest at the end of the line.
/// </summary>
internal static class CodeText
{
    public static string WithoutCommentsAndLiterals(string text)
    {
        char[] code = text.ToCharArray();
        for (int at = 0; at < code.Length;)
        {
            int end = EndOfLiteralOrComment(text, at);
            if (end == at)
            {
                at++;
                continue;
            }

            for (; at < end; at++)
            {
                if (code[at] != '\n')
                    code[at] = ' ';
            }
        }

        return new string(code);
    }

    /// <summary>The index after the comment or literal that starts at <paramref name="at"/>, or <paramref name="at"/>.
    /// </summary>
    private static int EndOfLiteralOrComment(string text, int at) => text.AsSpan(at) switch
    {
        ['/', '/', ..] => After(text, at + 2, "\n", includeMark: false),
        ['/', '*', ..] => After(text, at + 2, "*/", includeMark: true),
        ['"', '"', '"', ..] => EndOfRawString(text, at),
        ['@', '"', ..] => EndOfVerbatim(text, at + 2),
        ['$', '@', '"', ..] or ['@', '$', '"', ..] => EndOfVerbatim(text, at + 3),
        ['"', ..] => EndOfQuoted(text, at + 1, '"'),
        ['\'', ..] => EndOfQuoted(text, at + 1, '\''),
        _ => at,
    };

    private static int EndOfRawString(string text, int at)
    {
        int quotes = text.AsSpan(at).IndexOfAnyExcept('"');
        return quotes < 0 ? text.Length : After(text, at + quotes, new string('"', quotes), includeMark: true);
    }

    private static int EndOfVerbatim(string text, int at)
    {
        for (; at < text.Length; at++)
        {
            if (text[at] != '"')
                continue;
            if (at + 1 == text.Length || text[at + 1] != '"')
                return at + 1;
            at++; // "" is a quote within the literal
        }

        return at;
    }

    private static int EndOfQuoted(string text, int at, char quote)
    {
        for (; at < text.Length && text[at] != '\n'; at++)
        {
            if (text[at] == quote)
                return at + 1;
            if (text[at] == '\\')
                at++;
        }

        return Math.Min(at, text.Length);
    }

    private static int After(string text, int from, string mark, bool includeMark)
    {
        int found = text.IndexOf(mark, from, StringComparison.Ordinal);
        return found < 0 ? text.Length : includeMark ? found + mark.Length : found;
    }
}
