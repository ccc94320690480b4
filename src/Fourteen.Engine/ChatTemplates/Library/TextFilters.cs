using System.Globalization;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// The filters on text. A value that is no text is turned into it; text marked as escaped stays marked.
/// </summary>
internal static class TextFilters
{
    public static readonly BuiltIn[] Rows =
    [
        new("string", "value", static (c, v) => Soft(c, v[0])),
        new("upper", "s", static (c, v) => Mapped(c, v[0], CaseMapping.Upper)),
        new("lower", "s", static (c, v) => Mapped(c, v[0], CaseMapping.Lower)),
        new("capitalize", "s", static (c, v) => Mapped(c, v[0], CaseMapping.Capitalize)),
        new("title", "s", Title),
        new("trim", "value, chars=None", static (c, v) =>
            Mapped(c, v[0], text => StringMethods.Strip(c, text, v[1], left: true, right: true))),
        new("center", "value, width=80", static (c, v) => Mapped(c, v[0], text =>
            StringMethods.Pad(c, text, Integers.Argument(v[1]), " ", Alignment.Center))),
        new("replace", "s, old, new, count=None", Replace),
        new("format", "value, *args, **kwargs", Format),
        new("indent", "s, width=4, first=False, blank=False", Indent),
        new("truncate", "s, length=255, killwords=False, end='...', leeway=None", Truncate),
        new("wordwrap", "s, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True", WordWrap),
        new("wordcount", "s", WordCount),
        new("urlencode", "value", UrlEncode),
    ];

    /// <summary>The value as text, marked if it is.</summary>
    public static object Soft(RenderContext context, object? value) =>
        value is MarkupText ? value : PythonText.Str(context, value);

    private static object Mapped(RenderContext context, object? value, Func<string, string> map)
    {
        string text = PythonText.Str(context, value);
        context.ChargeText(text.Length);
        return Like(value, map(text));
    }

    /// <summary>Text marked as escaped where the model is.</summary>
    private static object Like(object? model, string text) => model is MarkupText ? new MarkupText(text) : text;

    /// <summary>Unlike <c>str.title</c>, words begin at blanks, hyphens and opening brackets only.</summary>
    private static object? Title(RenderContext context, object?[] values)
    {
        string text = PythonText.Str(context, values[0]);
        context.ChargeText(text.Length);
        var builder = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            bool isGap = IsGap(text[at]);
            int end = at;
            while (end < text.Length && IsGap(text[end]) == isGap)
                end++;
            int first = at + CodePoints.UnitsAt(text, at);
            builder.Append(CaseMapping.Upper(text[at..first])).Append(CaseMapping.Lower(text[first..end]));
            at = end;
        }

        return Like(values[0], builder.ToString());
    }

    private static bool IsGap(char c) => c is '-' or '(' or '{' or '[' or '<' || Strings.IsSpace(c);

    private static object? Replace(RenderContext context, object?[] values)
    {
        string text = PythonText.Str(context, values[0]);
        string old = PythonText.Str(context, values[1]);
        string with = PythonText.Str(context, values[2]);
        context.ChargeText(text.Length);
        int count = values[3] is null ? -1 : Integers.Argument(values[3]);
        bool isMarkup = values[0] is MarkupText;
        if (context.Autoescape && !isMarkup && (values[1] is MarkupText || values[2] is MarkupText))
        {
            text = Html.Escape(text);
            isMarkup = true;
        }

        if (context.Autoescape && isMarkup && values[2] is not MarkupText)
            with = Html.Escape(with);
        string replaced = StringMethods.Replaced(context, text, old, with, count);
        return context.Autoescape && isMarkup ? new MarkupText(replaced) : replaced;
    }

    private static object? Format(RenderContext context, object?[] values)
    {
        var positional = (object?[])values[1]!; // *args is never null
        var named = (KeyValuePair<string, object?>[])values[2]!; // nor is **kwargs
        if (positional.Length > 0 && named.Length > 0)
            throw Raise.FilterArgument("can't handle positional and keyword arguments at the same time");
        var dict = new DictValue.Builder(named.Length);
        foreach (KeyValuePair<string, object?> pair in named)
            dict.Set(pair.Key, pair.Value);
        object arguments = named.Length > 0 ? dict.Build() : new TupleValue(positional);
        return Arithmetic.Modulo(context, Soft(context, values[0]), arguments);
    }

    private static object? Indent(RenderContext context, object?[] values)
    {
        if (!Strings.TryText(values[0], out string? text))
        {
            throw values[0] is UndefinedValue undefined
                ? undefined.Error()
                : Raise.Type($"unsupported operand type(s) for +=: '{TypeNames.Of(values[0])}' and 'str'");
        }

        if (!Strings.TryText(values[1], out string? indention))
        {
            int width = Math.Max(0, Integers.Argument(values[1]));
            context.ChargeText(width);
            indention = new string(' ', width);
        }

        bool indentsFirst = Comparison.IsTrue(values[2]);
        bool indentsBlank = Comparison.IsTrue(values[3]);
        // Jinja adds a newline first, so that one newline at the end of the text starts a line of its own.
        List<string> lines = Strings.SplitLines(text + "\n", keepEnds: false);
        context.ChargeText(text.Length + ((long)lines.Count * indention.Length));
        var builder = new StringBuilder();
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0)
                builder.Append('\n');
            if (i == 0 ? indentsFirst : indentsBlank || lines[i].Length > 0)
                builder.Append(indention);
            builder.Append(lines[i]);
        }

        return Like(values[0], builder.ToString());
    }

    private static object? Truncate(RenderContext context, object?[] values)
    {
        Hashing.Charge(context, Strings.TryText(values[0], out string? own) ? own : null);
        if (!Iteration.TryLength(values[0], out int count))
            throw Raise.Type($"object of type '{TypeNames.Of(values[0])}' has no len()");
        int length = Integers.Argument(values[1]);
        string end = StringMethods.Text(values[3]);
        int endCount = CodePoints.Count(end);
        int leeway = values[4] is null ? 5 : Integers.Argument(values[4]); // Jinja's policy truncate.leeway
        if (length < endCount)
            throw new PythonException("AssertionError", $"expected length >= {endCount}, got {length}");
        if (leeway < 0)
            throw new PythonException("AssertionError", $"expected leeway >= 0, got {leeway}");
        if (count <= (long)length + leeway)
            return values[0];
        string text = StringMethods.Text(values[0]);
        context.ChargeText(text.Length);
        string kept = text[..CodePoints.UnitOf(text, length - endCount)];
        if (!Comparison.IsTrue(values[2]))
        {
            int blank = kept.LastIndexOf(' ');
            kept = blank < 0 ? kept : kept[..blank];
        }

        return Like(values[0], kept + end);
    }

    private static object? WordWrap(RenderContext context, object?[] values)
    {
        string text = StringMethods.Text(values[0]);
        string newline = values[3] is null ? "\n" : StringMethods.Text(values[3]);
        var wrapper = new TextWrapper(
            context, Integers.Argument(values[1]), Comparison.IsTrue(values[2]), Comparison.IsTrue(values[4]));
        var lines = new List<string>();
        foreach (string line in Strings.SplitLines(text, keepEnds: false))
        {
            // Each line of the text is wrapped for itself, an empty one stays.
            List<string> wrapped = wrapper.Wrap(line);
            lines.Add(string.Join(newline, wrapped));
        }

        string joined = string.Join(newline, lines);
        context.ChargeText(joined.Length);
        return joined;
    }

    private static object? WordCount(RenderContext context, object?[] values)
    {
        string text = PythonText.Str(context, values[0]);
        context.Charge(text.Length);
        long words = 0;
        bool inWord = false;
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            bool isWord = Strings.IsWord(CodePoints.ValueAt(text, i));
            if (isWord && !inWord)
                words++;
            inWord = isWord;
        }

        return Integers.Box(words);
    }

    private static object? UrlEncode(RenderContext context, object?[] values)
    {
        if (Strings.TryText(values[0], out string? text) || !Iteration.IsIterable(values[0]))
            return Quote(context, text ?? PythonText.Str(context, values[0]), forQuery: false);
        object? pairs = values[0] is DictValue dict ? new DictView(dict, DictViewKind.Items) : values[0];
        var parts = new List<string>();
        foreach (object? item in Iteration.ToArray(context, pairs))
        {
            object?[] pair = Iteration.ToArray(context, item);
            if (pair.Length != 2)
                throw Raise.Value($"urlencode needs pairs, found {pair.Length} values");
            string key = Quote(context, PythonText.Str(context, pair[0]), forQuery: true);
            parts.Add($"{key}={Quote(context, PythonText.Str(context, pair[1]), forQuery: true)}");
        }

        return string.Join('&', parts);
    }

    /// <summary>Python's <c>urllib.parse.quote</c> of UTF-8; a query writes blanks as + and slashes as %2F.</summary>
    public static string Quote(RenderContext context, string text, bool forQuery)
    {
        context.ChargeText(text.Length * 3L);
        var builder = new StringBuilder(text.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '~' || (c == '/' && !forQuery))
                builder.Append(c);
            else if (c == ' ' && forQuery)
                builder.Append('+');
            else
                builder.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return builder.ToString();
    }
}
