using System.Globalization;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Python's <c>str.format</c>: <c>{field!conversion:spec}</c>. Fields reach attributes and items as the template itself
/// does, through the sandbox.
/// </summary>
/// <param name="context">The rendering.</param>
/// <param name="positional">The arguments by position; null for <c>format_map</c>.</param>
/// <param name="named">The arguments by name.</param>
/// <param name="escapes">Whether fields are escaped, because the text is marked as HTML.</param>
internal sealed class StringFormatter(
    RenderContext context, object?[]? positional, DictValue named, bool escapes)
{
    private int _auto;
    private bool _isManual;

    public string Format(string text) => Format(text, nesting: 0);

    private string Format(string text, int nesting)
    {
        if (nesting > 1)
            throw Raise.Value("Max string recursion exceeded");
        var output = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            bool isDouble = at + 1 < text.Length && text[at + 1] == c;
            if (c is '{' or '}' && isDouble)
            {
                output.Append(c);
                at += 2;
            }
            else if (c == '}')
            {
                throw Raise.Value("Single '}' encountered in format string");
            }
            else if (c == '{')
            {
                at = AppendField(output, text, at + 1, nesting);
            }
            else
            {
                output.Append(c);
                at++;
            }
        }

        return output.ToString();
    }

    private int AppendField(StringBuilder output, string text, int start, int nesting)
    {
        int end = EndOfField(text, start);
        ReadOnlySpan<char> field = text.AsSpan(start, end - start);
        int nameEnd = EndOfName(field);
        string name = field[..nameEnd].ToString();
        char conversion = '\0';
        if (nameEnd < field.Length && field[nameEnd] == '!')
        {
            if (nameEnd + 1 >= field.Length)
                throw Raise.Value("end of string while looking for conversion specifier");
            conversion = field[nameEnd + 1];
            nameEnd += 2;
            if (nameEnd < field.Length && field[nameEnd] != ':')
                throw Raise.Value("expected ':' after conversion specifier");
        }

        object? value = Convert(Lookup(name), conversion);
        string spec = nameEnd < field.Length ? Format(field[(nameEnd + 1)..].ToString(), nesting + 1) : "";
        string formatted = FormatSpec.Apply(context, value, spec);
        if (escapes && value is not MarkupText)
            formatted = Html.Escape(formatted);
        output.Append(formatted);
        if (output.Length > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        return end + 1;
    }

    /// <summary>The position of the brace that closes the field; fields can nest in the spec.</summary>
    private static int EndOfField(string text, int start)
    {
        int open = 1;
        bool inBrackets = false;
        for (int i = start; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '[' && open == 1)
                inBrackets = true;
            else if (c == ']')
                inBrackets = false;
            else if (c == '{' && !inBrackets)
                open++;
            else if (c == '}' && !inBrackets && --open == 0)
                return i;
        }

        throw Raise.Value(start >= text.Length
            ? "Single '{' encountered in format string"
            : "expected '}' before end of string");
    }

    private static int EndOfName(ReadOnlySpan<char> field)
    {
        bool inBrackets = false;
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '[')
                inBrackets = true;
            else if (field[i] == ']')
                inBrackets = false;
            else if (field[i] is '!' or ':' && !inBrackets)
                return i;
        }

        return field.Length;
    }

    private object? Lookup(string name)
    {
        int at = name.AsSpan().IndexOfAny('.', '[');
        object? value = First(at < 0 ? name : name[..at]);
        while (at >= 0 && at < name.Length)
        {
            context.Step();
            if (name[at] == '.')
            {
                int end = name.AsSpan(at + 1).IndexOfAny('.', '[');
                end = end < 0 ? name.Length : at + 1 + end;
                if (end == at + 1)
                    throw Raise.Value("Empty attribute in format string");
                value = Access.Attribute(context, value, name[(at + 1)..end]);
                at = end;
            }
            else if (name[at] == '[')
            {
                int end = name.IndexOf(']', at);
                if (end < 0)
                    throw Raise.Value("Missing ']' in format string");
                string key = name[(at + 1)..end];
                if (key.Length == 0)
                    throw Raise.Value("Empty attribute in format string");
                value = Access.Item(context, value, IsIndex(key, out int index) ? Integers.Box(index) : key);
                at = end + 1;
            }
            else
            {
                throw Raise.Value("Only '.' or '[' may follow ']' in format field specifier");
            }
        }

        return value;
    }

    private object? First(string name)
    {
        bool isIndex = IsIndex(name, out int index);
        if (name.Length > 0 && !isIndex)
            return named.TryGet(name, out object? value) ? value : throw Raise.Key(PythonText.ReprOfText(name));
        if (positional is null)
            throw Raise.Value("Format string contains positional fields");
        if (isIndex ? _auto > 0 : _isManual)
        {
            throw Raise.Value("cannot switch from "
                + (isIndex ? "automatic field numbering to manual" : "manual field specification to automatic"));
        }

        _isManual |= isIndex;
        int at = isIndex ? index : _auto++;
        return at < positional.Length
            ? positional[at]
            : throw Raise.Index($"Replacement index {at} out of range for positional args tuple");
    }

    private static bool IsIndex(string text, out int index)
    {
        index = 0;
        return text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && int.TryParse(text, CultureInfo.InvariantCulture, out index);
    }

    private object? Convert(object? value, char conversion) => conversion switch
    {
        '\0' => value,
        's' => PythonText.Str(context, value),
        'r' => PythonText.Repr(context, value),
        'a' => FormatSpec.ToAscii(PythonText.Repr(context, value)),
        _ => throw Raise.Value($"Unknown conversion specifier {conversion}"),
    };
}
