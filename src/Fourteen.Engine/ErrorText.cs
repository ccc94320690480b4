namespace Fourteen.Engine;

/// <summary>Text from outside, a file's or a parser's, as part of a message.</summary>
public static class ErrorText
{
    /// <summary>
    /// The text on one line and without control characters, which a terminal would obey; where it is longer than
    /// <paramref name="charsMax"/>, its beginning and its end, since parsers quote first and then say what is wrong.
    /// </summary>
    public static string Shorten(string text, int charsMax)
    {
        string kept = text.Length <= charsMax
            ? text
            : $"{text.AsSpan(0, charsMax / 2)}…{text.AsSpan(text.Length - (charsMax / 2))}";
        return kept.Any(char.IsControl) ? string.Concat(kept.Select(Visible)) : kept;
    }

    private static char Visible(char c) => c is '\r' or '\n' or '\t' ? ' ' : char.IsControl(c) ? '\ufffd' : c;
}
