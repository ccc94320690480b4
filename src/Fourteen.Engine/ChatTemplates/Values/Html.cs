using System.Text;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Escaping for HTML, as MarkupSafe does it.</summary>
internal static class Html
{
    public static string Escape(string text)
    {
        if (text.AsSpan().IndexOfAny("&<>'\"") < 0)
            return text;
        var builder = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            switch (c)
            {
                case '&': builder.Append("&amp;"); break;
                case '<': builder.Append("&lt;"); break;
                case '>': builder.Append("&gt;"); break;
                case '\'': builder.Append("&#39;"); break;
                case '"': builder.Append("&#34;"); break;
                default: builder.Append(c); break;
            }
        }

        return builder.ToString();
    }

    /// <summary>A value as text in HTML: what is marked as escaped stays, anything else is escaped.</summary>
    public static string Of(RenderContext context, object? value)
    {
        if (value is MarkupText markup)
            return markup.Text;
        string escaped = Escape(PythonText.Str(context, value));
        context.ChargeText(escaped.Length);
        return escaped;
    }
}
