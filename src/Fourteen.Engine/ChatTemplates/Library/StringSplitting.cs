using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The methods of Python's str that cut text into parts.</summary>
internal static class StringSplitting
{
    public static object? Split(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        int limit = Limit(values[2]);
        List<string> parts = values[1] is null
            ? AtSpaces(text, limit)
            : AtSeparator(text, Separator(values[1]), limit);
        return ToList(context, values, parts);
    }

    public static object? SplitFromRight(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        int limit = Limit(values[2]);
        List<string> parts = values[1] is null
            ? AtSpacesFromRight(text, limit)
            : AtSeparatorFromRight(text, Separator(values[1]), limit);
        parts.Reverse();
        return ToList(context, values, parts);
    }

    public static object? SplitLines(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        return ToList(context, values, Strings.SplitLines(text, Comparison.IsTrue(values[1])));
    }

    public static object? Partition(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        string separator = Separator(values[1]);
        int at = TextSearch.IndexOf(text, separator);
        return at < 0 ? Three(context, values, text, "", "") : Cut(context, values, text, at, separator);
    }

    public static object? PartitionFromRight(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        string separator = Separator(values[1]);
        int at = TextSearch.LastIndexOf(text, separator);
        return at < 0 ? Three(context, values, "", "", text) : Cut(context, values, text, at, separator);
    }

    private static int Limit(object? value)
    {
        int limit = Integers.Argument(value);
        return limit < 0 ? int.MaxValue : limit;
    }

    private static string Separator(object? value)
    {
        string separator = StringMethods.Text(value);
        return separator.Length == 0 ? throw Raise.Value("empty separator") : separator;
    }

    private static TupleValue Cut(RenderContext context, object?[] values, string text, int at, string separator) =>
        Three(context, values, text[..at], separator, text[(at + separator.Length)..]);

    private static TupleValue Three(RenderContext context, object?[] values, string a, string b, string c) => new(
        StringMethods.Made(context, values, a),
        StringMethods.Made(context, values, b),
        StringMethods.Made(context, values, c));

    private static ListValue ToList(RenderContext context, object?[] values, List<string> parts)
    {
        context.Charge(parts.Count);
        var items = new object?[parts.Count];
        for (int i = 0; i < items.Length; i++)
            items[i] = values[0] is MarkupText ? new MarkupText(parts[i]) : parts[i];
        return new ListValue(items);
    }

    private static List<string> AtSeparator(string text, string separator, int limit)
    {
        var parts = new List<string>();
        int start = 0;
        while (parts.Count < limit)
        {
            int at = TextSearch.IndexOf(text.AsSpan(start), separator);
            if (at < 0)
                break;
            parts.Add(text.Substring(start, at));
            start += at + separator.Length;
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>The parts from the last to the first.</summary>
    private static List<string> AtSeparatorFromRight(string text, string separator, int limit)
    {
        var parts = new List<string>();
        int end = text.Length;
        while (parts.Count < limit)
        {
            int at = TextSearch.LastIndexOf(text.AsSpan(0, end), separator);
            if (at < 0)
                break;
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }

        parts.Add(text[..end]);
        return parts;
    }

    private static List<string> AtSpaces(string text, int limit)
    {
        var parts = new List<string>();
        int at = 0;
        while (true)
        {
            while (at < text.Length && Strings.IsSpace(text[at]))
                at++;
            if (at == text.Length)
                return parts;
            if (parts.Count == limit)
            {
                parts.Add(text[at..]);
                return parts;
            }

            int start = at;
            while (at < text.Length && !Strings.IsSpace(text[at]))
                at++;
            parts.Add(text[start..at]);
        }
    }

    private static List<string> AtSpacesFromRight(string text, int limit)
    {
        var parts = new List<string>();
        int end = text.Length;
        while (true)
        {
            while (end > 0 && Strings.IsSpace(text[end - 1]))
                end--;
            if (end == 0)
                return parts;
            if (parts.Count == limit)
            {
                parts.Add(text[..end]);
                return parts;
            }

            int stop = end;
            while (end > 0 && !Strings.IsSpace(text[end - 1]))
                end--;
            parts.Add(text[end..stop]);
        }
    }
}
