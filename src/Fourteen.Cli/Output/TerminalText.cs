using System.Text;
using Spectre.Console.Rendering;

namespace Fourteen.Cli.Output;

/// <summary>A model's words on a terminal: what they may contain, and how wide they are.</summary>
internal static class TerminalText
{
    /// <summary>
    /// The text for a terminal, without the controls that would let a model move the cursor, change colours or the
    /// window's title. Line feeds and tabs stay.
    /// </summary>
    public static string WithoutControls(string text)
    {
        if (!text.Any(IsHarmful))
            return text;
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
            clean.Append(IsHarmful(c) ? '\ufffd' : c);
        return clean.ToString();
    }

    /// <summary>
    /// The end of a text on one line of at most <paramref name="columns"/> columns, where many characters of East Asia
    /// and most emoji take two.
    /// </summary>
    public static string Tail(StringBuilder text, int columns)
    {
        int length = Math.Min(text.Length, columns);
        string tail = WithoutControls(text.ToString(text.Length - length, length).ReplaceLineEndings(" "))
            .Replace('\t', ' ');
        int start = 0;
        while (start < tail.Length
            && (char.IsLowSurrogate(tail[start]) || new Segment(tail[start..]).CellCount() > columns))
        {
            start++;
        }

        return tail[start..];
    }

    private static bool IsHarmful(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
