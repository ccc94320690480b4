using System.Globalization;
using System.Numerics;
using System.Text;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Python's <c>str()</c> and <c>repr()</c>.</summary>
internal static class PythonText
{
    /// <summary><c>str(value)</c>.</summary>
    public static string Str(RenderContext context, object? value) => value switch
    {
        string text => text,
        MarkupText markup => markup.Text,
        UndefinedValue => "",
        _ => Repr(context, value),
    };

    /// <summary><c>str(value)</c> for a message where there is no rendering: containers show their type only.</summary>
    public static string ShortRepr(object? value) => value switch
    {
        string text => ReprOfText(text),
        null or bool or long or double or BigInteger => ReprOfScalar(value),
        _ => $"<{TypeNames.Of(value)}>",
    };

    /// <summary><c>repr(value)</c>.</summary>
    public static string Repr(RenderContext context, object? value)
    {
        if (value is BigInteger)
            context.Charge(TemplateLimits.IntegerDigits);
        if (value is null or bool or long or double or BigInteger)
            return ReprOfScalar(value);
        var builder = new StringBuilder();
        AppendRepr(context, builder, value, 0);
        return builder.ToString();
    }

    /// <summary>The text in quotes with escapes: single quotes, unless double ones need fewer escapes.</summary>
    public static string ReprOfText(string text)
    {
        var builder = new StringBuilder(text.Length + 2);
        AppendText(builder, text);
        return builder.ToString();
    }

    /// <summary>An integer in decimal.</summary>
    public static string Integer(object value) => value switch
    {
        long number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "1" : "0",
        _ => ((BigInteger)value).ToString(CultureInfo.InvariantCulture),
    };

    private static string ReprOfScalar(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        double real => RealText.Repr(real),
        _ => Integer(value),
    };

    private static void AppendRepr(RenderContext context, StringBuilder builder, object? value, int level)
    {
        context.Step();
        // Values are limited in depth where they are made; a namespace can contain itself.
        if (level > TemplateLimits.ValueDepth + 1)
            throw Raise.Limit($"values are limited to {TemplateLimits.ValueDepth} levels of nesting");
        if (builder.Length > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        switch (value)
        {
            case string text:
                context.ChargeText(text.Length);
                AppendText(builder, text);
                break;
            case MarkupText markup:
                builder.Append("Markup(");
                AppendText(builder, markup.Text);
                builder.Append(')');
                break;
            case ListValue list:
                AppendItems(context, builder, list.Items, '[', ']', level);
                break;
            case TupleValue tuple:
                AppendItems(context, builder, tuple.Items, '(', tuple.Items.Length == 1 ? ',' : ')', level);
                break;
            case DictValue dict:
                AppendDict(context, builder, dict, level);
                break;
            case DictView view:
                builder.Append(view.TypeName).Append('(');
                AppendItems(context, builder, view.ToArray(), '[', ']', level + 1);
                builder.Append(')');
                break;
            case NamespaceValue space:
                builder.Append("<Namespace ");
                AppendDict(context, builder, space.ToDict(), level + 1);
                builder.Append('>');
                break;
            default:
                if (value is BigInteger)
                    context.Charge(TemplateLimits.IntegerDigits);
                builder.Append(Leaf(context, value));
                break;
        }
    }

    private static string Leaf(RenderContext context, object? value) => value switch
    {
        UndefinedValue => "Undefined",
        RangeValue { Step: 1 } range => $"range({range.Start}, {range.Stop})",
        RangeValue range => $"range({range.Start}, {range.Stop}, {range.Step})",
        IteratorValue iterator => $"<{iterator.TypeName} object>",
        IObjectValue own => own.Describe(context),
        SliceValue slice => $"slice({ShortRepr(slice.Start)}, {ShortRepr(slice.Stop)}, {ShortRepr(slice.Step)})",
        _ => ReprOfScalar(value),
    };

    /// <param name="close">The closing bracket; a comma stands for <c>,)</c>, the end of a tuple of one.</param>
    private static void AppendItems(
        RenderContext context, StringBuilder builder, object?[] items, char open, char close, int level)
    {
        builder.Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
                builder.Append(", ");
            AppendRepr(context, builder, items[i], level + 1);
        }

        builder.Append(close);
        if (close == ',')
            builder.Append(')');
    }

    private static void AppendDict(RenderContext context, StringBuilder builder, DictValue dict, int level)
    {
        builder.Append('{');
        for (int i = 0; i < dict.Count; i++)
        {
            if (i > 0)
                builder.Append(", ");
            AppendRepr(context, builder, dict.KeyAt(i), level + 1);
            builder.Append(": ");
            AppendRepr(context, builder, dict.ValueAt(i), level + 1);
        }

        builder.Append('}');
    }

    private static void AppendText(StringBuilder builder, string text)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        builder.Append(quote);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            char c = text[i];
            if (c == quote || c == '\\')
                builder.Append('\\').Append(c);
            else if (c is >= ' ' and < '\x7f')
                builder.Append(c);
            else
                AppendSpecial(builder, CodePoints.ValueAt(text, i));
        }

        builder.Append(quote);
    }

    private static void AppendSpecial(StringBuilder builder, int codePoint)
    {
        switch (codePoint)
        {
            case '\n': builder.Append("\\n"); break;
            case '\r': builder.Append("\\r"); break;
            case '\t': builder.Append("\\t"); break;
            case var _ when Strings.IsPrintable(codePoint): CodePoints.Append(builder, codePoint); break;
            case < 0x100: builder.Append(CultureInfo.InvariantCulture, $"\\x{codePoint:x2}"); break;
            case < 0x10000: builder.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}"); break;
            default: builder.Append(CultureInfo.InvariantCulture, $"\\U{codePoint:x8}"); break;
        }
    }
}
