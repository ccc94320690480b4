using System.Globalization;
using System.Numerics;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Python's <c>json.dumps</c> with the defaults of the transformers library: <c>", "</c> and <c>": "</c>, characters
/// outside ASCII as they are, keys in their order, no HTML escapes.
/// </summary>
internal sealed class JsonOutput
{
    public static readonly BuiltIn Filter = new(
        "tojson", "value, ensure_ascii=False, indent=None, separators=None, sort_keys=False", ToJson);

    private readonly RenderContext _context;
    private readonly StringBuilder _output = new();
    private readonly bool _isAscii;
    private readonly bool _sortsKeys;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;
    private int _level;

    private JsonOutput(RenderContext context, object?[] values)
    {
        _context = context;
        _isAscii = Comparison.IsTrue(values[1]);
        _indent = Indent(context, values[2]);
        _sortsKeys = Comparison.IsTrue(values[4]);
        (_itemSeparator, _keySeparator) = (_indent is null ? ", " : ",", ": ");
        if (values[3] is null)
            return;
        object?[] pair = Iteration.ToArray(context, values[3]);
        if (pair.Length != 2)
            throw Raise.Value("tojson's separators are a pair: between items, and after keys");
        (_itemSeparator, _keySeparator) = (StringMethods.Text(pair[0]), StringMethods.Text(pair[1]));
    }

    private static object? ToJson(RenderContext context, object?[] values)
    {
        var json = new JsonOutput(context, values);
        json.Append(values[0]);
        context.ChargeText(json._output.Length);
        return json._output.ToString();
    }

    private static string? Indent(RenderContext context, object? value)
    {
        if (value is null)
            return null;
        if (Strings.TryText(value, out string? text))
            return text;
        int width = Math.Max(0, Integers.Argument(value));
        context.ChargeText(width);
        return new string(' ', width);
    }

    private void Append(object? value)
    {
        _context.Step();
        if (_output.Length > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        switch (value)
        {
            case null: _output.Append("null"); break;
            case bool flag: _output.Append(flag ? "true" : "false"); break;
            case string text: AppendText(text); break;
            case MarkupText markup: AppendText(markup.Text); break;
            case long or BigInteger: _output.Append(PythonText.Integer(value)); break;
            case double real: _output.Append(Real(real)); break;
            case SequenceValue sequence: AppendItems(sequence.Items); break;
            case DictValue dict: AppendDict(dict); break;
            default: throw Raise.Type($"Object of type {TypeNames.Of(value)} is not JSON serializable");
        }
    }

    private static string Real(double value) => double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? (value > 0 ? "Infinity" : "-Infinity")
        : RealText.Repr(value);

    private void AppendItems(object?[] items)
    {
        if (items.Length == 0)
        {
            _output.Append("[]");
            return;
        }

        Open('[');
        for (int i = 0; i < items.Length; i++)
        {
            Separate(i);
            Append(items[i]);
        }

        Close(']');
    }

    private void AppendDict(DictValue dict)
    {
        if (dict.Count == 0)
        {
            _output.Append("{}");
            return;
        }

        int[] order = Order(dict);
        Open('{');
        for (int i = 0; i < order.Length; i++)
        {
            Separate(i);
            AppendText(Key(dict.KeyAt(order[i])));
            _output.Append(_keySeparator);
            Append(dict.ValueAt(order[i]));
        }

        Close('}');
    }

    private int[] Order(DictValue dict)
    {
        var order = new int[dict.Count];
        var keys = new object?[dict.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = dict.KeyAt(i);
        }

        if (_sortsKeys)
            Sorting.Sort(_context, order, keys, isReverse: false);
        return order;
    }

    private static string Key(object? key) => key switch
    {
        string text => text,
        MarkupText markup => markup.Text,
        null => "null",
        bool flag => flag ? "true" : "false",
        double real => Real(real),
        long or BigInteger => PythonText.Integer(key),
        _ => throw Raise.Type($"keys must be str, int, float, bool or None, not {TypeNames.Of(key)}"),
    };

    private void Open(char bracket)
    {
        _output.Append(bracket);
        _level++;
        NewLine();
    }

    private void Close(char bracket)
    {
        _level--;
        NewLine();
        _output.Append(bracket);
    }

    private void Separate(int index)
    {
        if (index == 0)
            return;
        _output.Append(_itemSeparator);
        NewLine();
    }

    private void NewLine()
    {
        if (_indent is null)
            return;
        if (((long)_indent.Length * _level) + _output.Length > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        _output.Append('\n');
        for (int i = 0; i < _level; i++)
            _output.Append(_indent);
    }

    private void AppendText(string text)
    {
        _output.Append('"');
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c >= ' ' && c is not ('"' or '\\') && (c < '\x7f' || !_isAscii))
                continue;
            _output.Append(text, start, i - start);
            start = i + 1;
            AppendEscape(c);
        }

        _output.Append(text, start, text.Length - start).Append('"');
    }

    private void AppendEscape(char c)
    {
        switch (c)
        {
            case '"': _output.Append("\\\""); break;
            case '\\': _output.Append("\\\\"); break;
            case '\n': _output.Append("\\n"); break;
            case '\r': _output.Append("\\r"); break;
            case '\t': _output.Append("\\t"); break;
            case '\b': _output.Append("\\b"); break;
            case '\f': _output.Append("\\f"); break;
            case '\x7f': _output.Append(c); break;
            default: _output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
        }
    }
}
