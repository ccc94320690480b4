using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Python's <c>textwrap.wrap</c> with tabs and whitespace left as they are: chunks (words, parts of hyphenated words,
/// runs of blanks) are put on lines of a width; blanks at the ends of lines go.
/// </summary>
internal sealed class TextWrapper(RenderContext context, int width, bool breaksLongWords, bool breaksOnHyphens)
{
    public List<string> Wrap(string text)
    {
        if (width <= 0)
            throw Raise.Value($"invalid width {width} (must be > 0)");
        context.Charge(text.Length);
        var chunks = new Stack<string>(Chunks(text).AsEnumerable().Reverse());
        var lines = new List<string>();
        while (chunks.Count > 0)
        {
            if (lines.Count > 0 && IsBlank(chunks.Peek()))
                chunks.Pop();
            List<string> line = TakeLine(chunks);
            if (line.Count > 0 && IsBlank(line[^1]))
                line.RemoveAt(line.Count - 1);
            if (line.Count > 0)
                lines.Add(string.Concat(line));
        }

        return lines;
    }

    private List<string> TakeLine(Stack<string> chunks)
    {
        var line = new List<string>();
        int length = 0;
        while (chunks.Count > 0 && length + CodePoints.Count(chunks.Peek()) <= width)
        {
            length += CodePoints.Count(chunks.Peek());
            line.Add(chunks.Pop());
        }

        if (chunks.Count == 0 || CodePoints.Count(chunks.Peek()) <= width)
            return line;
        // A chunk that fits no line.
        if (!breaksLongWords)
        {
            if (line.Count == 0)
                line.Add(chunks.Pop());
            return line;
        }

        string word = chunks.Pop();
        int space = width - length;
        int cut = BreakAtHyphen(word, space);
        context.ChargeText(word.Length);
        int units = CodePoints.UnitOf(word, cut);
        line.Add(word[..units]);
        if (units < word.Length)
            chunks.Push(word[units..]);
        return line;
    }

    private int BreakAtHyphen(string word, int space)
    {
        if (!breaksOnHyphens || CodePoints.Count(word) <= space)
            return Math.Max(space, 1);
        int units = CodePoints.UnitOf(word, space);
        int hyphen = units == 0 ? -1 : word.LastIndexOf('-', units - 1);
        bool hasOther = hyphen > 0 && word.AsSpan(0, hyphen).ContainsAnyExcept('-');
        return hasOther ? CodePoints.Count(word.AsSpan(0, hyphen + 1)) : Math.Max(space, 1);
    }

    private static bool IsBlank(string chunk) => Strings.Trim(chunk).IsEmpty;

    private List<string> Chunks(string text)
    {
        var chunks = new List<string>();
        int at = 0;
        while (at < text.Length)
        {
            bool isBlank = IsWrapSpace(text[at]);
            int end = at;
            while (end < text.Length && IsWrapSpace(text[end]) == isBlank)
                end++;
            if (isBlank || !breaksOnHyphens)
                chunks.Add(text[at..end]);
            else
                AddParts(chunks, text[at..end]);
            at = end;
        }

        return chunks;
    }

    /// <summary>The whitespace that textwrap knows, of ASCII alone.</summary>
    private static bool IsWrapSpace(char c) => c is ' ' or '\t' or '\n' or '\v' or '\f' or '\r';

    /// <summary>
    /// Cuts a word after a hyphen between letters (two of them before it) and around dashes of two or more hyphens.
    /// </summary>
    private static void AddParts(List<string> chunks, string word)
    {
        int start = 0;
        int at = 0;
        while (at < word.Length)
        {
            int run = at;
            while (run < word.Length && word[run] == '-')
                run++;
            if (run - at >= 2 && at > 0 && IsDashBefore(word[at - 1]) && run < word.Length && IsWordChar(word[run]))
            {
                if (at > start)
                    chunks.Add(word[start..at]);
                chunks.Add(word[at..run]);
                start = run;
            }
            else if (run - at == 1 && BreaksAfter(word, start, at))
            {
                chunks.Add(word[start..run]);
                start = run;
            }

            at = Math.Max(run, at + 1);
        }

        if (start < word.Length)
            chunks.Add(word[start..]);
    }

    private static bool BreaksAfter(string word, int start, int hyphen)
    {
        bool before = hyphen - start >= 2 && IsLetterChar(word[hyphen - 1]) && IsLetterChar(word[hyphen - 2]);
        before |= hyphen - start >= 2 && IsLetterChar(word[hyphen - 1])
            && word[hyphen - 2] == '-' && hyphen - start >= 3;
        bool after = hyphen + 2 < word.Length && IsLetterChar(word[hyphen + 1])
            && (IsLetterChar(word[hyphen + 2]) || (word[hyphen + 2] == '-' && hyphen + 3 < word.Length));
        return before && after;
    }

    private static bool IsWordChar(char c) => Strings.IsWord(c);

    private static bool IsDashBefore(char c) =>
        Strings.IsWord(c) || c is '!' or '"' or '\'' or '&' or '.' or ',' or '?';

    private static bool IsLetterChar(char c) => Strings.IsWord(c) && !char.IsDigit(c);
}
