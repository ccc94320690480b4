using System.Net;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The filters for HTML.</summary>
internal static class MarkupFilters
{
    public static readonly BuiltIn[] Rows =
    [
        new("escape", "s", static (c, v) => v[0] is MarkupText ? v[0] : new MarkupText(Html.Of(c, v[0]))),
        new("forceescape", "value", static (c, v) => new MarkupText(Html.Escape(PythonText.Str(c, v[0])))),
        new("safe", "value", static (c, v) => v[0] is MarkupText ? v[0] : new MarkupText(PythonText.Str(c, v[0]))),
        new("striptags", "value", StripTags),
        new("xmlattr", "d, autospace=True", Attributes),
        new("urlize",
            "value, trim_url_limit=None, nofollow=False, target=None, rel=None, extra_schemes=None", UrlizeFilter),
    ];

    private static object? StripTags(RenderContext context, object?[] values)
    {
        string text = PythonText.Str(context, values[0]);
        context.ChargeText(text.Length * 4L);
        text = Without(Without(text, "<!--", "-->"), "<", ">");
        var collapsed = new StringBuilder(text.Length);
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (collapsed.Length > 0)
                collapsed.Append(' ');
            collapsed.Append(word);
        }

        return WebUtility.HtmlDecode(collapsed.ToString());
    }

    private static string Without(string text, string open, string close)
    {
        var rest = new StringBuilder(text.Length);
        int at = 0;
        while (true)
        {
            int start = text.IndexOf(open, at, StringComparison.Ordinal);
            int end = start < 0 ? -1 : text.IndexOf(close, start + open.Length, StringComparison.Ordinal);
            if (end < 0)
                return rest.Append(text, at, text.Length - at).ToString();
            rest.Append(text, at, start - at);
            at = end + close.Length;
        }
    }

    private static object? Attributes(RenderContext context, object?[] values)
    {
        if (values[0] is not DictValue dict)
        {
            throw values[0] is UndefinedValue undefined
                ? undefined.Error()
                : Raise.Type($"'{TypeNames.Of(values[0])}' object has no attribute 'items'");
        }

        var text = new StringBuilder();
        for (int i = 0; i < dict.Count; i++)
        {
            context.Step();
            if (dict.ValueAt(i) is null or UndefinedValue)
                continue;
            string key = PythonText.Str(context, dict.KeyAt(i));
            if (key.AsSpan().IndexOfAny(" />=\t\n\f\r") >= 0)
                throw Raise.Value($"Invalid character in attribute name: {PythonText.ReprOfText(key)}");
            if (text.Length > 0)
                text.Append(' ');
            text.Append(Html.Of(context, dict.KeyAt(i))).Append("=\"")
                .Append(Html.Of(context, dict.ValueAt(i))).Append('"');
            if (text.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
        }

        if (text.Length > 0 && Comparison.IsTrue(values[1]))
            text.Insert(0, ' ');
        return context.Autoescape ? new MarkupText(text.ToString()) : text.ToString();
    }

    private static object? UrlizeFilter(RenderContext context, object?[] values)
    {
        var urlize = new Urlize
        {
            UrlCharsMax = values[1] is null ? int.MaxValue : Integers.Argument(values[1]),
            Target = values[3] is null ? null : PythonText.Str(context, values[3]),
            Rel = Rel(context, values),
            Schemes = Schemes(context, values[5]),
        };
        string text = urlize.Apply(context, Html.Of(context, values[0]));
        return context.Autoescape ? new MarkupText(text) : text;
    }

    /// <summary>The words of <c>rel</c> with Jinja's own <c>noopener</c>, sorted.</summary>
    private static string Rel(RenderContext context, object?[] values)
    {
        var words = new SortedSet<string>(StringComparer.Ordinal) { "noopener" };
        if (Comparison.IsTrue(values[2]))
            words.Add("nofollow");
        if (values[4] is not null)
            words.UnionWith(PythonText.Str(context, values[4]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return string.Join(' ', words);
    }

    private static string[] Schemes(RenderContext context, object? value)
    {
        if (value is null)
            return [];
        return Array.ConvertAll(Iteration.ToArray(context, value), scheme =>
        {
            string text = PythonText.Str(context, scheme);
            return text.EndsWith(':') || text.EndsWith("://", StringComparison.Ordinal)
                ? text
                : throw Raise.FilterArgument($"{PythonText.ReprOfText(text)} is not a valid URI scheme prefix.");
        });
    }
}
