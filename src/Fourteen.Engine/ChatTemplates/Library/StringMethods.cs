using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// The methods of Python's str that make text. On text that is marked as escaped they return marked text, with other
/// text among their arguments escaped.
/// </summary>
internal static class StringMethods
{
    /// <summary>Up to this many characters are looked through one by one when a text is stripped of them.</summary>
    private const int SmallSet = 16;

    public static readonly Dictionary<string, BuiltIn> Table = BuiltIn.Table(
        new("upper", "self, /", static (c, v) => Made(c, v, CaseMapping.Upper(Self(c, v)))),
        new("lower", "self, /", static (c, v) => Made(c, v, CaseMapping.Lower(Self(c, v)))),
        new("title", "self, /", static (c, v) => Made(c, v, CaseMapping.Title(Self(c, v)))),
        new("capitalize", "self, /", static (c, v) => Made(c, v, CaseMapping.Capitalize(Self(c, v)))),
        new("swapcase", "self, /", static (c, v) => Made(c, v, CaseMapping.SwapCase(Self(c, v)))),
        new("casefold", "self, /", static (c, v) => Made(c, v, CaseMapping.Fold(Self(c, v)))),
        new("strip", "self, chars=None, /", static (c, v) => Made(c, v, Strip(c, Self(c, v), v[1], true, true))),
        new("lstrip", "self, chars=None, /", static (c, v) => Made(c, v, Strip(c, Self(c, v), v[1], true, false))),
        new("rstrip", "self, chars=None, /", static (c, v) => Made(c, v, Strip(c, Self(c, v), v[1], false, true))),
        new("replace", "self, old, new, count=-1, /", Replace),
        new("removeprefix", "self, prefix, /", static (c, v) => Made(c, v, RemovePrefix(Self(c, v), Text(v[1])))),
        new("removesuffix", "self, suffix, /", static (c, v) => Made(c, v, RemoveSuffix(Self(c, v), Text(v[1])))),
        new("join", "self, items, /", Join),
        new("split", "self, sep=None, maxsplit=-1", StringSplitting.Split),
        new("rsplit", "self, sep=None, maxsplit=-1", StringSplitting.SplitFromRight),
        new("splitlines", "self, keepends=False", StringSplitting.SplitLines),
        new("partition", "self, sep, /", StringSplitting.Partition),
        new("rpartition", "self, sep, /", StringSplitting.PartitionFromRight),
        new("center", "self, width, fillchar=' ', /", static (c, v) => Padded(c, v, Alignment.Center)),
        new("ljust", "self, width, fillchar=' ', /", static (c, v) => Padded(c, v, Alignment.Left)),
        new("rjust", "self, width, fillchar=' ', /", static (c, v) => Padded(c, v, Alignment.Right)),
        new("zfill", "self, width, /", ZeroFill),
        new("expandtabs", "self, tabsize=8", ExpandTabs),
        new("translate", "self, table, /", Translate),
        new("maketrans", "self, x, y=None, z=None, /", MakeTranslation),
        new("format", "self, *args, **kwargs", Format),
        new("format_map", "self, mapping, /", FormatMap));

    /// <summary>The text of the string that the method belongs to, whose length is counted.</summary>
    public static string Self(RenderContext context, object?[] values)
    {
        string text = Text(values[0]);
        context.ChargeText(text.Length);
        return text;
    }

    /// <summary>An argument that must be text.</summary>
    public static string Text(object? value) => value switch
    {
        string text => text,
        MarkupText markup => markup.Text,
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw Raise.Type($"expected str, got '{TypeNames.Of(value)}' object"),
    };

    /// <summary>A result that is marked as escaped where the method's own string is.</summary>
    public static object Made(RenderContext context, object?[] values, string text)
    {
        context.ChargeText(text.Length);
        return values[0] is MarkupText ? new MarkupText(text) : text;
    }

    /// <summary>A start or stop argument as an index from 0 to the length.</summary>
    public static int Bound(object? value, int whenNone, int length)
    {
        if (value is null)
            return whenNone;
        int index = Integers.Argument(value);
        return (int)Math.Clamp(index < 0 ? (long)index + length : index, 0, length);
    }

    /// <param name="context">The rendering.</param>
    /// <param name="text">The text.</param>
    /// <param name="chars">The characters to take off; None for whitespace.</param>
    /// <param name="left">Whether to take off on the left.</param>
    /// <param name="right">Whether to take off on the right.</param>
    public static string Strip(RenderContext context, string text, object? chars, bool left, bool right)
    {
        ReadOnlySpan<char> rest = text;
        if (chars is null)
        {
            rest = right ? Strings.TrimEnd(rest) : rest;
            rest = left ? Strings.TrimStart(rest) : rest;
        }
        else
        {
            string set = Text(chars);
            context.Charge(set.Length);
            if (set.Length == 0)
                return text;
            if (set.Length > SmallSet || !CodePoints.AreUnits(set))
                return StripSet(text, set, left, right);
            rest = right ? rest.TrimEnd(set) : rest;
            rest = left ? rest.TrimStart(set) : rest;
        }

        return rest.Length == text.Length ? text : rest.ToString();
    }

    /// <summary><c>str.replace</c> with a limit; below 0 there is none.</summary>
    public static string Replaced(RenderContext context, string text, string old, string with, int count)
    {
        if (count == 0 || (old.Length > text.Length && old.Length > 0))
            return text;
        if (old.Length == 0)
            return Interleaved(context, text, with, count);
        int found = TextSearch.Count(text, old, count < 0 ? int.MaxValue : count);
        if (found == 0)
            return text;
        context.ChargeText(text.Length + ((long)found * (with.Length - old.Length)));
        var builder = new StringBuilder(text.Length);
        int start = 0;
        for (int i = 0; i < found; i++)
        {
            int at = TextSearch.IndexOf(text.AsSpan(start), old);
            builder.Append(text, start, at).Append(with);
            start += at + old.Length;
        }

        return builder.Append(text, start, text.Length - start).ToString();
    }

    /// <summary>Text of a width in code points.</summary>
    public static string Pad(RenderContext context, string text, int width, string fill, Alignment alignment)
    {
        int missing = width - CodePoints.Count(text);
        if (missing <= 0)
            return text;
        context.ChargeText(((long)missing * fill.Length) + text.Length);
        // Python's center puts the odd blank on the left where the width is odd.
        int left = alignment switch
        {
            Alignment.Left => 0,
            Alignment.Right => missing,
            _ => (missing / 2) + (missing & width & 1),
        };
        return Repeated(fill, left) + text + Repeated(fill, missing - left);
    }

    private static string Repeated(string text, int count) =>
        text.Length == 1 ? new string(text[0], count) : string.Concat(Enumerable.Repeat(text, count));

    /// <summary>Strips characters of a large set, or of one with characters of two units.</summary>
    private static string StripSet(string text, string chars, bool left, bool right)
    {
        var set = new HashSet<int>();
        for (int i = 0; i < chars.Length; i += CodePoints.UnitsAt(chars, i))
            set.Add(CodePoints.ValueAt(chars, i));
        int start = 0;
        int end = text.Length;
        while (left && start < end && set.Contains(CodePoints.ValueAt(text, start)))
            start += CodePoints.UnitsAt(text, start);
        while (right && end > start)
        {
            int last = end >= 2 && CodePoints.UnitsAt(text, end - 2) == 2 ? end - 2 : end - 1;
            if (!set.Contains(CodePoints.ValueAt(text, last)))
                break;
            end = last;
        }

        return text[start..end];
    }

    private static object? Replace(RenderContext context, object?[] values)
    {
        string text = Self(context, values);
        string with = Text(values[2]);
        if (values[0] is MarkupText && values[2] is not MarkupText)
            with = Html.Escape(with);
        return Made(context, values, Replaced(context, text, Text(values[1]), with, Integers.Argument(values[3])));
    }

    private static string Interleaved(RenderContext context, string text, string with, int count)
    {
        long places = CodePoints.Count(text) + 1L;
        if (count >= 0)
            places = Math.Min(places, count);
        context.ChargeText(text.Length + (places * with.Length));
        var builder = new StringBuilder();
        int at = 0;
        for (long i = 0; i < places; i++)
        {
            builder.Append(with);
            if (at < text.Length)
            {
                int units = CodePoints.UnitsAt(text, at);
                builder.Append(text, at, units);
                at += units;
            }
        }

        return builder.Append(text, at, text.Length - at).ToString();
    }

    private static string RemovePrefix(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;

    private static string RemoveSuffix(string text, string suffix) =>
        text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;

    private static object? Join(RenderContext context, object?[] values)
    {
        string separator = Self(context, values);
        bool isMarkup = values[0] is MarkupText;
        if (!Iteration.IsIterable(values[1]))
            throw Raise.Type("can only join an iterable");
        object?[] items = Iteration.ToArray(context, values[1]);
        var texts = new string[items.Length];
        long length = (long)separator.Length * Math.Max(0, items.Length - 1);
        for (int i = 0; i < items.Length; i++)
        {
            if (isMarkup)
                texts[i] = Html.Of(context, items[i]);
            else if (Strings.TryText(items[i], out string? text))
                texts[i] = text;
            else
                throw Raise.Type($"sequence item {i}: expected str instance, {TypeNames.Of(items[i])} found");
            length += texts[i].Length;
        }

        context.ChargeText(length);
        string joined = string.Join(separator, texts);
        return isMarkup ? new MarkupText(joined) : joined;
    }

    private static object? Padded(RenderContext context, object?[] values, Alignment alignment)
    {
        string fill = Text(values[2]);
        if (CodePoints.Count(fill) != 1)
            throw Raise.Type("The fill character must be exactly one character long");
        string text = Self(context, values);
        return Made(context, values, Pad(context, text, Integers.Argument(values[1]), fill, alignment));
    }

    private static object? ZeroFill(RenderContext context, object?[] values)
    {
        string text = Self(context, values);
        int width = Integers.Argument(values[1]);
        string sign = text.Length > 0 && text[0] is '+' or '-' ? text[..1] : "";
        string digits = Pad(context, text[sign.Length..], width - sign.Length, "0", Alignment.Right);
        return Made(context, values, sign + digits);
    }

    private static object? ExpandTabs(RenderContext context, object?[] values)
    {
        string text = Self(context, values);
        int size = Math.Clamp(Integers.Argument(values[1]), 0, TemplateLimits.TextChars);
        var builder = new StringBuilder(text.Length);
        long column = 0;
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            char c = text[i];
            if (c == '\t')
            {
                int blanks = size == 0 ? 0 : size - (int)(column % size);
                context.ChargeText(builder.Length + blanks);
                builder.Append(' ', blanks);
                column += blanks;
                continue;
            }

            builder.Append(text, i, CodePoints.UnitsAt(text, i));
            column = c is '\n' or '\r' ? 0 : column + 1;
        }

        return Made(context, values, builder.ToString());
    }

    private static object? Translate(RenderContext context, object?[] values)
    {
        string text = Self(context, values);
        if (values[1] is not DictValue table)
            throw Raise.Type($"'{TypeNames.Of(values[1])}' object is not subscriptable");
        var builder = new StringBuilder(text.Length);
        context.Charge(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (!table.TryGet(Integers.Box(codePoint), out object? mapped))
                CodePoints.Append(builder, codePoint);
            else if (Integers.TryLong(mapped, out long number))
                CodePoints.Append(builder, (int)Math.Clamp(number, 0, 0x10FFFF));
            else if (mapped is not null)
                builder.Append(Text(mapped));
            if (builder.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
        }

        return Made(context, values, builder.ToString());
    }

    private static object? MakeTranslation(RenderContext context, object?[] values)
    {
        if (values[2] is null)
            return MakeTranslation(values[1]);
        object?[] from = CodePoints.Split(Text(values[1]));
        object?[] to = CodePoints.Split(Text(values[2]));
        if (from.Length != to.Length)
            throw Raise.Value("the first two maketrans arguments must have equal length");
        var table = new DictValue.Builder(from.Length);
        for (int i = 0; i < from.Length; i++)
            table.Set(PointOf(from[i]), PointOf(to[i]));
        foreach (object? removed in CodePoints.Split(Text(values[3] ?? "")))
            table.Set(PointOf(removed), null);
        return table.Build();
    }

    private static DictValue MakeTranslation(object? source)
    {
        if (source is not DictValue dict)
            throw Raise.Type("if you give only one argument to maketrans it must be a dict");
        var table = new DictValue.Builder(dict.Count);
        for (int i = 0; i < dict.Count; i++)
        {
            object? key = dict.KeyAt(i);
            if (Strings.TryText(key, out string? text) && CodePoints.Count(text) != 1)
                throw Raise.Value("string keys in translate table must be of length 1");
            table.Set(Strings.TryText(key, out _) ? PointOf(key) : key, dict.ValueAt(i));
        }

        return table.Build();
    }

    private static object PointOf(object? character) => Integers.Box(CodePoints.ValueAt(Text(character), 0));

    private static object? Format(RenderContext context, object?[] values)
    {
        var named = (KeyValuePair<string, object?>[])values[2]!; // **kwargs is never null
        var dict = new DictValue.Builder(named.Length);
        foreach (KeyValuePair<string, object?> pair in named)
            dict.Set(pair.Key, pair.Value);
        return Formatted(context, values, (object?[])values[1]!, dict.Build()); // *args is never null
    }

    private static object? FormatMap(RenderContext context, object?[] values) =>
        values[1] is DictValue mapping
            ? Formatted(context, values, null, mapping)
            : throw Raise.Type($"'{TypeNames.Of(values[1])}' object is not a mapping");

    private static object Formatted(RenderContext context, object?[] values, object?[]? positional, DictValue named)
    {
        var formatter = new StringFormatter(context, positional, named, escapes: values[0] is MarkupText);
        return Made(context, values, formatter.Format(Self(context, values)));
    }
}

internal enum Alignment
{
    Left,
    Right,
    Center,
}
