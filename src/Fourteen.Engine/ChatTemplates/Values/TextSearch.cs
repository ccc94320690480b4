namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// Finds text in text in linear time whatever the two are. .NET's search is the fastest for short parts, but with long
/// ones made for the purpose it compares the whole part at every position.
/// </summary>
internal static class TextSearch
{
    /// <summary>A part of up to this length costs less than a cache line or two per position.</summary>
    private const int ShortChars = 64;

    /// <summary>The first position of a part, or -1; an empty part is found at 0.</summary>
    public static int IndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part) =>
        part.Length <= ShortChars ? text.IndexOf(part) : Search(text, part, isBackwards: false);

    /// <summary>The last position of a part, or -1; an empty part is found at the end.</summary>
    public static int LastIndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part)
    {
        if (part.IsEmpty)
            return text.Length;
        return part.Length <= ShortChars ? text.LastIndexOf(part) : Search(text, part, isBackwards: true);
    }

    /// <summary>How often a part that is not empty is found, one after the other.</summary>
    public static int Count(ReadOnlySpan<char> text, ReadOnlySpan<char> part, int most = int.MaxValue)
    {
        int count = 0;
        for (int at = IndexOf(text, part); at >= 0 && count < most; at = IndexOf(text, part))
        {
            count++;
            text = text[(at + part.Length)..];
        }

        return count;
    }

    /// <summary>Knuth, Morris and Pratt's search; backwards it reads both from their ends.</summary>
    private static int Search(ReadOnlySpan<char> text, ReadOnlySpan<char> part, bool isBackwards)
    {
        if (part.Length > text.Length)
            return -1;
        int[] borders = Borders(part, isBackwards);
        int matched = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = isBackwards ? text[^(i + 1)] : text[i];
            while (matched > 0 && At(part, matched, isBackwards) != c)
                matched = borders[matched - 1];
            if (At(part, matched, isBackwards) == c)
                matched++;
            if (matched == part.Length)
                return isBackwards ? text.Length - 1 - i : i - part.Length + 1;
        }

        return -1;
    }

    /// <summary>
    /// For each beginning of the part, the length of its longest proper beginning that is also its end.
    /// </summary>
    private static int[] Borders(ReadOnlySpan<char> part, bool isBackwards)
    {
        var borders = new int[part.Length];
        int length = 0;
        for (int i = 1; i < part.Length; i++)
        {
            char c = At(part, i, isBackwards);
            while (length > 0 && At(part, length, isBackwards) != c)
                length = borders[length - 1];
            if (At(part, length, isBackwards) == c)
                length++;
            borders[i] = length;
        }

        return borders;
    }

    private static char At(ReadOnlySpan<char> part, int index, bool isBackwards) =>
        isBackwards ? part[^(index + 1)] : part[index];
}
