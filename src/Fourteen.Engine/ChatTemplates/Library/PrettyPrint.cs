using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Python's <c>pprint.pformat</c>: what fits 80 columns is on one line, longer containers take a line per item, long
/// text is cut at blanks; dicts are sorted by key.
/// </summary>
internal sealed class PrettyPrint(RenderContext context)
{
    public static readonly BuiltIn Filter = new("pprint", "value", static (context, values) =>
    {
        var pretty = new PrettyPrint(context);
        pretty.Append(values[0], 0, 0, 1);
        context.ChargeText(pretty._output.Length);
        return pretty._output.ToString();
    });

    private const int Width = 80;

    private readonly StringBuilder _output = new();

    /// <param name="value">What to write.</param>
    /// <param name="indent">The column where it begins.</param>
    /// <param name="allowance">The characters that must follow it on its last line.</param>
    /// <param name="level">How deep it is.</param>
    private void Append(object? value, int indent, int allowance, int level)
    {
        if (_output.Length > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        string flat = Flat(value);
        if (flat.Length <= Width - indent - allowance)
        {
            _output.Append(flat);
            return;
        }

        switch (value)
        {
            case DictValue { Count: > 0 } dict:
                AppendDict(dict, indent, allowance, level);
                break;
            case ListValue list:
                AppendItems(list.Items, '[', "]", indent, allowance, level);
                break;
            case TupleValue tuple:
                AppendItems(tuple.Items, '(', tuple.Items.Length == 1 ? ",)" : ")", indent, allowance, level);
                break;
            case string text:
                AppendText(text, indent, allowance, level);
                break;
            default:
                _output.Append(flat);
                break;
        }
    }

    /// <summary>The value on one line: its repr, with sorted dicts.</summary>
    private string Flat(object? value) => PythonText.Repr(context, SortedAll(value));

    private object? SortedAll(object? value)
    {
        context.Step();
        switch (value)
        {
            case ListValue list:
                return new ListValue(Array.ConvertAll(list.Items, SortedAll));
            case TupleValue tuple:
                return new TupleValue(Array.ConvertAll(tuple.Items, SortedAll));
            case DictValue dict:
                var builder = new DictValue.Builder(dict.Count);
                foreach (TupleValue pair in Pairs(dict))
                    builder.Set(pair.Items[0], SortedAll(pair.Items[1]));
                return builder.Build();
            default:
                return value;
        }
    }

    private TupleValue[] Pairs(DictValue dict)
    {
        object?[] pairs = Sorting.Sorted(
            context, new DictView(dict, DictViewKind.Items).ToArray(), SortKey, isReverse: false);
        return Array.ConvertAll(pairs, static pair => (TupleValue)pair!); // items of a dict
    }

    /// <summary>pprint sorts keys of different types by the name of the type.</summary>
    private static object? SortKey(object? pair)
    {
        object? key = ((TupleValue)pair!).Items[0]; // items of a dict
        string type = key is null || !(Integers.IsNumber(key) || key is string)
            ? TypeNames.Of(key) : key is string ? "str" : "int";
        return new TupleValue(type, type is "int" or "str" ? key : Integers.Box(0));
    }

    private void AppendDict(DictValue dict, int indent, int allowance, int level)
    {
        _output.Append('{');
        TupleValue[] pairs = Pairs(dict);
        for (int i = 0; i < pairs.Length; i++)
        {
            string key = PythonText.Repr(context, pairs[i].Items[0]);
            _output.Append(key).Append(": ");
            bool isLast = i == pairs.Length - 1;
            Append(pairs[i].Items[1], indent + 1 + key.Length + 2, isLast ? allowance + 1 : 1, level + 1);
            if (!isLast)
                _output.Append(",\n").Append(' ', indent + 1);
        }

        _output.Append('}');
    }

    private void AppendItems(object?[] items, char open, string close, int indent, int allowance, int level)
    {
        _output.Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            bool isLast = i == items.Length - 1;
            Append(items[i], indent + 1, isLast ? allowance + close.Length : 1, level + 1);
            if (!isLast)
                _output.Append(",\n").Append(' ', indent + 1);
        }

        _output.Append(close);
    }

    private void AppendText(string text, int indent, int allowance, int level)
    {
        List<string> chunks = TextChunks(text, indent, allowance, ref level);
        if (chunks.Count == 1)
        {
            _output.Append(chunks[0]);
            return;
        }

        bool needsBrackets = level == 1;
        if (needsBrackets)
            _output.Append('(');
        int column = needsBrackets ? indent + 1 : indent;
        for (int i = 0; i < chunks.Count; i++)
        {
            if (i > 0)
                _output.Append('\n').Append(' ', column);
            _output.Append(chunks[i]);
        }

        if (needsBrackets)
            _output.Append(')');
    }

    /// <summary>
    /// The text as literals of one line each: cut after newlines, and at blanks where a line is too long.
    /// </summary>
    private List<string> TextChunks(string text, int indent, int allowance, ref int level)
    {
        var chunks = new List<string>();
        List<string> lines = Strings.SplitLines(text, keepEnds: true);
        if (level == 1)
        {
            indent++;
            allowance++;
        }

        int max = Width - indent;
        for (int i = 0; i < lines.Count; i++)
        {
            string flat = PythonText.ReprOfText(lines[i]);
            int lineMax = i == lines.Count - 1 ? max - allowance : max;
            if (flat.Length <= lineMax)
                chunks.Add(flat);
            else
                AddWords(chunks, lines[i], max, i == lines.Count - 1 ? allowance : 0);
        }

        return chunks;
    }

    private void AddWords(List<string> chunks, string line, int max, int allowance)
    {
        List<string> words = Words(line);
        string current = "";
        for (int i = 0; i < words.Count; i++)
        {
            context.ChargeText(current.Length);
            string candidate = current + words[i];
            int limit = i == words.Count - 1 ? max - allowance : max;
            if (current.Length > 0 && PythonText.ReprOfText(candidate).Length > limit)
            {
                chunks.Add(PythonText.ReprOfText(current));
                current = words[i];
            }
            else
            {
                current = candidate;
            }
        }

        if (current.Length > 0)
            chunks.Add(PythonText.ReprOfText(current));
    }

    /// <summary>Words with the blanks after them.</summary>
    private static List<string> Words(string line)
    {
        var words = new List<string>();
        int at = 0;
        while (at < line.Length)
        {
            int end = at;
            while (end < line.Length && !Strings.IsSpace(line[end]))
                end++;
            while (end < line.Length && Strings.IsSpace(line[end]))
                end++;
            words.Add(line[at..end]);
            at = end;
        }

        return words;
    }
}
