using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>What Python's str knows about characters.</summary>
internal static class Strings
{
    /// <summary>The text of a string, marked up or not.</summary>
    public static bool TryText(object? value, [NotNullWhen(true)] out string? text)
    {
        text = value as string ?? (value as MarkupText)?.Text;
        return text is not null;
    }

    /// <summary>
    /// Python's <c>str.isspace</c> of one character; the separators 0x1C to 0x1F are spaces to Python alone.
    /// </summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || (c >= '\x1c' && c <= '\x1f');

    /// <summary>Where <c>str.splitlines</c> ends a line.</summary>
    public static bool IsLineEnd(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    /// <summary>Python's <c>str.isprintable</c> of one code point.</summary>
    public static bool IsPrintable(int codePoint)
    {
        if (codePoint is >= 0x20 and < 0x7f)
            return true;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator => false,
            _ => true,
        };
    }

    public static bool IsLetter(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    public static bool IsNumeric(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>A character of a word: what <c>\w</c> matches in Python.</summary>
    public static bool IsWord(int codePoint) =>
        codePoint < 128
            ? char.IsAsciiLetterOrDigit((char)codePoint) || codePoint == '_'
            : IsLetter(codePoint) || IsNumeric(codePoint);

    /// <summary>Python's <c>str.isidentifier</c>.</summary>
    public static bool IsIdentifier(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
            bool starts = codePoint == '_' || IsLetter(codePoint) || category == UnicodeCategory.LetterNumber;
            bool goesOn = category is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
            if (!starts && (i == 0 || !goesOn))
                return false;
        }

        return text.Length > 0;
    }

    /// <summary>Python's <c>str.strip()</c> without characters.</summary>
    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => TrimStart(TrimEnd(text));

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
            start++;
        return text[start..];
    }

    /// <summary>Python's <c>str.splitlines</c>: a line end at the very end starts no line.</summary>
    public static List<string> SplitLines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        int start = 0;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && !IsLineEnd(text[end]))
                end++;
            int next = end;
            if (end < text.Length)
                next += text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }
}
