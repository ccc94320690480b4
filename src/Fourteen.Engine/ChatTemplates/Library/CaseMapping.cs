using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Upper, lower and title case as Python's str has them: the full mappings of Unicode, in which one character can
/// become several. .NET has the simple ones; the tables here are the exceptions of Unicode's SpecialCasing.txt.
/// </summary>
internal static class CaseMapping
{
    private const int DottedI = 0x130;      // İ: its lower case is i with a combining dot
    private const int Sigma = 0x3A3;        // Σ: its lower case at the end of a word is ς
    private const int FinalSigma = 0x3C2;

    // Characters and their mappings in turn, as escapes, so that no tool composes what stands apart: \u00DF is ß → SS.
    private static readonly FrozenDictionary<int, string> UpperCases = Table(
        "\u00DF SS \u0149 \u02BCN \u01F0 J\u030C \u0390 \u0399\u0308\u0301 \u03B0 \u03A5\u0308\u0301 "
        + "\u0587 \u0535\u0552 \u1E96 H\u0331 \u1E97 T\u0308 \u1E98 W\u030A \u1E99 Y\u030A \u1E9A A\u02BE "
        + "\u1F50 \u03A5\u0313 \u1F52 \u03A5\u0313\u0300 \u1F54 \u03A5\u0313\u0301 \u1F56 \u03A5\u0313\u0342 "
        + "\u1FB2 \u1FBA\u0399 \u1FB3 \u0391\u0399 \u1FB4 \u0386\u0399 \u1FB6 \u0391\u0342 "
        + "\u1FB7 \u0391\u0342\u0399 \u1FBC \u0391\u0399 \u1FC2 \u1FCA\u0399 \u1FC3 \u0397\u0399 "
        + "\u1FC4 \u0389\u0399 \u1FC6 \u0397\u0342 \u1FC7 \u0397\u0342\u0399 \u1FCC \u0397\u0399 "
        + "\u1FD2 \u0399\u0308\u0300 \u1FD3 \u0399\u0308\u0301 \u1FD6 \u0399\u0342 \u1FD7 \u0399\u0308\u0342 "
        + "\u1FE2 \u03A5\u0308\u0300 \u1FE3 \u03A5\u0308\u0301 \u1FE4 \u03A1\u0313 \u1FE6 \u03A5\u0342 "
        + "\u1FE7 \u03A5\u0308\u0342 \u1FF2 \u1FFA\u0399 \u1FF3 \u03A9\u0399 \u1FF4 \u038F\u0399 "
        + "\u1FF6 \u03A9\u0342 \u1FF7 \u03A9\u0342\u0399 \u1FFC \u03A9\u0399 \uFB00 FF \uFB01 FI \uFB02 FL "
        + "\uFB03 FFI \uFB04 FFL \uFB05 ST \uFB06 ST \uFB13 \u0544\u0546 \uFB14 \u0544\u0535 "
        + "\uFB15 \u0544\u053B \uFB16 \u054E\u0546 \uFB17 \u0544\u053D \u0131 I \u017F S");

    private static readonly FrozenDictionary<int, string> TitleCases = Table(
        "\u00DF Ss \u01C4 \u01C5 \u01C5 \u01C5 \u01C6 \u01C5 \u01C7 \u01C8 \u01C8 \u01C8 \u01C9 \u01C8 "
        + "\u01CA \u01CB \u01CB \u01CB \u01CC \u01CB \u01F1 \u01F2 \u01F2 \u01F2 \u01F3 \u01F2 "
        + "\u0587 \u0535\u0582 \u1FB2 \u1FBA\u0345 \u1FB3 \u1FBC \u1FB4 \u0386\u0345 "
        + "\u1FB7 \u0391\u0342\u0345 \u1FBC \u1FBC \u1FC2 \u1FCA\u0345 \u1FC3 \u1FCC \u1FC4 \u0389\u0345 "
        + "\u1FC7 \u0397\u0342\u0345 \u1FCC \u1FCC \u1FF2 \u1FFA\u0345 \u1FF3 \u1FFC \u1FF4 \u038F\u0345 "
        + "\u1FF7 \u03A9\u0342\u0345 \u1FFC \u1FFC \uFB00 Ff \uFB01 Fi \uFB02 Fl \uFB03 Ffi \uFB04 Ffl "
        + "\uFB05 St \uFB06 St \uFB13 \u0544\u0576 \uFB14 \u0544\u0565 \uFB15 \u0544\u056B "
        + "\uFB16 \u054E\u0576 \uFB17 \u0544\u056D");

    public static string Upper(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToUpperInvariant();
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
            AppendUpper(builder, CodePoints.ValueAt(text, i));
        return builder.ToString();
    }

    public static string Lower(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToLowerInvariant();
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
            AppendLower(builder, text, i);
        return builder.ToString();
    }

    /// <summary>Python's <c>str.title</c>: a letter after a letter is lower, any other is title case.</summary>
    public static string Title(string text)
    {
        var builder = new StringBuilder(text.Length);
        bool afterCased = false;
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (afterCased)
                AppendLower(builder, text, i);
            else
                AppendTitle(builder, codePoint);
            afterCased = IsCased(codePoint);
        }

        return builder.ToString();
    }

    /// <summary>Python's <c>str.capitalize</c>: the first character in title case, the rest lower.</summary>
    public static string Capitalize(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            if (i == 0)
                AppendTitle(builder, CodePoints.ValueAt(text, i));
            else
                AppendLower(builder, text, i);
        }

        return builder.ToString();
    }

    public static string SwapCase(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (IsUpper(codePoint))
                AppendLower(builder, text, i);
            else if (IsLower(codePoint))
                AppendUpper(builder, codePoint);
            else
                CodePoints.Append(builder, codePoint);
        }

        return builder.ToString();
    }

    /// <summary>
    /// Case folding: the lower case of the upper case, but for ı, ẞ and Cherokee, which folds to upper.
    /// </summary>
    public static string Fold(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (codePoint is 0x131 or (>= 0x13A0 and <= 0x13F5))
                CodePoints.Append(builder, codePoint);
            else if (codePoint is (>= 0x13F8 and <= 0x13FD) or (>= 0xAB70 and <= 0xABBF))
                AppendUpper(builder, codePoint);
            else if (codePoint == 0x1E9E)
                builder.Append("ss");
            else
                AppendFolded(builder, codePoint);
        }

        return builder.ToString();
    }

    public static bool IsCased(int codePoint) =>
        IsUpper(codePoint) || IsLower(codePoint)
        || CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.TitlecaseLetter;

    /// <summary>Unicode's Uppercase: the letters, the Roman numerals and the letters in circles and squares.</summary>
    public static bool IsUpper(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.UppercaseLetter
        || codePoint is (>= 0x2160 and <= 0x216F) or (>= 0x24B6 and <= 0x24CF) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>Unicode's Lowercase: the letters and those of Other_Lowercase (PropList.txt).</summary>
    public static bool IsLower(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.LowercaseLetter
        || codePoint is 0xAA or 0xBA or (>= 0x2B0 and <= 0x2B8) or 0x2C0 or 0x2C1 or (>= 0x2E0 and <= 0x2E4) or 0x345
            or 0x37A or (>= 0x1D2C and <= 0x1D6A) or 0x1D78 or (>= 0x1D9B and <= 0x1DBF) or 0x2071 or 0x207F
            or (>= 0x2090 and <= 0x209C) or (>= 0x2170 and <= 0x217F) or (>= 0x24D0 and <= 0x24E9)
            or 0x2C7C or 0x2C7D or 0xA69C or 0xA69D or 0xA770 or 0xA7F8 or 0xA7F9 or (>= 0xAB5C and <= 0xAB5F)
            or 0x10780 or (>= 0x10783 and <= 0x10785) or (>= 0x10787 and <= 0x107B0) or (>= 0x107B2 and <= 0x107BA);

    private static void AppendUpper(StringBuilder builder, int codePoint)
    {
        if (codePoint is >= 0x1F80 and <= 0x1FAF)
        {
            // Greek vowels with a subscript iota, 8 lower and 8 title ones in turn: their capital, then a capital iota.
            int vowel = (codePoint < 0x1F90 ? 0x1F08 : codePoint < 0x1FA0 ? 0x1F28 : 0x1F68) + (codePoint & 7);
            builder.Append((char)vowel).Append('\u0399');
        }
        else if (UpperCases.TryGetValue(codePoint, out string? special))
        {
            builder.Append(special);
        }
        else
        {
            CodePoints.Append(builder,
                Rune.IsValid(codePoint) ? Rune.ToUpperInvariant(new Rune(codePoint)).Value : codePoint);
        }
    }

    private static void AppendTitle(StringBuilder builder, int codePoint)
    {
        if (codePoint is >= 0x1F80 and <= 0x1FAF)
            builder.Append((char)(codePoint | 8));
        else if (codePoint is >= 0x10D0 and <= 0x10FF)
            builder.Append((char)codePoint); // Georgian has capitals for whole words only.
        else if (TitleCases.TryGetValue(codePoint, out string? special))
            builder.Append(special);
        else
            AppendUpper(builder, codePoint);
    }

    private static void AppendLower(StringBuilder builder, string text, int at)
    {
        int codePoint = CodePoints.ValueAt(text, at);
        if (codePoint == DottedI)
            builder.Append("i\u0307");
        else if (codePoint == Sigma && EndsWord(text, at))
            builder.Append((char)FinalSigma);
        else
            CodePoints.Append(builder, SimpleLower(codePoint));
    }

    private static void AppendFolded(StringBuilder builder, int codePoint)
    {
        var upper = new StringBuilder(2);
        AppendUpper(upper, codePoint);
        string capital = upper.ToString();
        for (int i = 0; i < capital.Length; i += CodePoints.UnitsAt(capital, i))
        {
            int part = CodePoints.ValueAt(capital, i);
            if (part == DottedI)
                builder.Append("i\u0307");
            else
                CodePoints.Append(builder, SimpleLower(part));
        }
    }

    private static int SimpleLower(int codePoint) =>
        Rune.IsValid(codePoint) ? Rune.ToLowerInvariant(new Rune(codePoint)).Value : codePoint;

    /// <summary>
    /// Unicode's Final_Sigma: a cased letter before it and none after, marks and the like not counted.
    /// </summary>
    private static bool EndsWord(string text, int at)
    {
        int before = at - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
            before--;
        if (before < 0)
            return false;
        if (before > 0 && char.IsLowSurrogate(text[before]) && char.IsHighSurrogate(text[before - 1]))
            before--;
        if (!IsCased(CodePoints.ValueAt(text, before)))
            return false;
        int after = at + 1;
        while (after < text.Length && IsCaseIgnorable(text[after]))
            after++;
        return after >= text.Length || !IsCased(CodePoints.ValueAt(text, after));
    }

    private static bool IsCaseIgnorable(char c) =>
        c is '\'' or '.' or ':' or '\u00B7' or '\u2019' or '\u2018' or '\u2024'
        or '\u2027' or '\u0387' or '\u055F' or '\u05F4'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    private static FrozenDictionary<int, string> Table(string pairs)
    {
        string[] parts = pairs.Split(' ');
        var table = new Dictionary<int, string>(parts.Length / 2);
        for (int i = 0; i + 1 < parts.Length; i += 2)
            table.Add(parts[i][0], parts[i + 1]);
        return table.ToFrozenDictionary();
    }
}
