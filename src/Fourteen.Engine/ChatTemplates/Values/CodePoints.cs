using System.Text;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// Python strings are sequences of code points, ours of UTF-16 units: these count and cut by code points. A surrogate
/// without its partner counts as one.
/// </summary>
internal static class CodePoints
{
    private static readonly string[] Latin = MakeLatin();

    /// <summary>True where units and code points are the same.</summary>
    public static bool AreUnits(ReadOnlySpan<char> text) => !text.ContainsAnyInRange('\uD800', '\uDFFF');

    public static int Count(ReadOnlySpan<char> text)
    {
        if (AreUnits(text))
            return text.Length;
        int count = 0;
        for (int i = 0; i < text.Length; i += UnitsAt(text, i))
            count++;
        return count;
    }

    /// <summary>1, or 2 where a surrogate pair begins.</summary>
    public static int UnitsAt(ReadOnlySpan<char> text, int unit) =>
        char.IsHighSurrogate(text[unit]) && unit + 1 < text.Length && char.IsLowSurrogate(text[unit + 1]) ? 2 : 1;

    /// <summary>The code point at a unit; a lone surrogate gives its own number.</summary>
    public static int ValueAt(ReadOnlySpan<char> text, int unit) =>
        UnitsAt(text, unit) == 2 ? char.ConvertToUtf32(text[unit], text[unit + 1]) : text[unit];

    /// <summary>The unit where the code point of this index begins; the length where the text ends before.</summary>
    public static int UnitOf(ReadOnlySpan<char> text, int index)
    {
        if (AreUnits(text))
            return Math.Min(index, text.Length);
        int unit = 0;
        while (index > 0 && unit < text.Length)
        {
            unit += UnitsAt(text, unit);
            index--;
        }

        return unit;
    }

    /// <summary>The text of one code point.</summary>
    public static string TextAt(string text, int unit)
    {
        char first = text[unit];
        if (first < Latin.Length)
            return Latin[first];
        return text.Substring(unit, UnitsAt(text, unit));
    }

    /// <summary>The code points as texts.</summary>
    public static object?[] Split(string text)
    {
        var parts = new object?[Count(text)];
        int unit = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = TextAt(text, unit);
            unit += UnitsAt(text, unit);
        }

        return parts;
    }

    public static void Append(StringBuilder builder, int codePoint)
    {
        if (codePoint < 0x10000)
            builder.Append((char)codePoint);
        else
            builder.Append(new Rune(codePoint).ToString());
    }

    /// <summary>
    /// The order by code points: surrogates come after all other units, as the code points they stand for do.
    /// </summary>
    public static int Compare(string a, string b)
    {
        int shared = Math.Min(a.Length, b.Length);
        int at = a.AsSpan(0, shared).CommonPrefixLength(b.AsSpan(0, shared));
        if (at == shared)
            return a.Length.CompareTo(b.Length);
        bool left = char.IsSurrogate(a[at]);
        return left == char.IsSurrogate(b[at]) ? a[at].CompareTo(b[at]) : left ? 1 : -1;
    }

    private static string[] MakeLatin()
    {
        var texts = new string[256];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = ((char)i).ToString();
        return texts;
    }
}
