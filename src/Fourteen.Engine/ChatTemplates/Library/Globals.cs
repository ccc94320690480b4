using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The functions that every template sees.</summary>
internal static class Globals
{
    private static readonly Dictionary<string, BuiltIn> Functions = BuiltIn.Table(
        new("range", "start, stop=None, step=None, /", Range),
        new("dict", "*args, **kwargs", static (context, values) => Dict(context, values)),
        new("namespace", "*args, **kwargs", static (context, values) => new NamespaceValue(Dict(context, values))),
        new("cycler", "*items", static (_, values) => new CyclerValue((object?[])values[0]!)), // *args is never null
        new("joiner", "sep=None", static (_, values) => new JoinerValue(values[0] ?? ", ")),
        new("lipsum", "n=5, html=True, min=20, max=100", Lipsum),
        new("raise_exception", "message", RaiseException),
        new("strftime_now", "format", StrftimeNow));

    /// <summary>The words of <c>lipsum</c>, which makes text of them at random.</summary>
    private static readonly string[] Words = (
        "a ac accumsan ad adipiscing aenean aliquam amet ante aptent arcu at auctor bibendum blandit commodo "
        + "condimentum congue consectetuer consequat cras cubilia cum cursus dapibus diam dictum dignissim dis dolor "
        + "dui duis egestas eget eleifend elit enim erat eros est et etiam eu euismod facilisis fames felis fermentum")
            .Split(' ');

    public static Dictionary<string, object?> Table { get; } = Build();

    private static Dictionary<string, object?> Build()
    {
        var table = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (BuiltIn function in Functions.Values)
            table.Add(function.Name, new BuiltInFunction(function, null, isMethod: false));
        return table;
    }

    private static object? Range(RenderContext context, object?[] values)
    {
        foreach (object? value in values)
        {
            if (value is not null && !Integers.IsInteger(value))
                Integers.Argument(value); // Raises what Python does.
        }

        long first = Long(values[0]);
        RangeValue range = values[1] is null
            ? new RangeValue(0, first, 1)
            : new RangeValue(first, Long(values[1]), values[2] is null ? 1 : Long(values[2]));
        context.Charge(range.Count);
        return range;
    }

    private static long Long(object? value) => Integers.TryLong(value, out long number)
        ? number
        : value is null
            ? throw Raise.Type("'NoneType' object cannot be interpreted as an integer")
            : throw Raise.Limit($"a range is limited to {TemplateLimits.RangeItems} items");

    private static DictValue Dict(RenderContext context, object?[] values)
    {
        var positional = (object?[])values[0]!; // *args is never null
        var named = (KeyValuePair<string, object?>[])values[1]!; // nor is **kwargs
        if (positional.Length > 1)
            throw Raise.Type($"dict expected at most 1 argument, got {positional.Length}");
        var dict = new DictValue.Builder(named.Length);
        if (positional.Length == 1)
            AddAll(context, dict, positional[0]);
        foreach (KeyValuePair<string, object?> pair in named)
            dict.Set(pair.Key, pair.Value);
        return dict.Build();
    }

    private static void AddAll(RenderContext context, DictValue.Builder dict, object? source)
    {
        if (source is DictValue other)
        {
            context.Charge(other.Count);
            dict.SetAll(other);
            return;
        }

        foreach (object? item in Iteration.ToArray(context, source))
        {
            object?[] pair = Iteration.ToArray(context, item);
            if (pair.Length != 2)
                throw Raise.Value($"dictionary update sequence element has length {pair.Length}; 2 is required");
            dict.Set(pair[0], pair[1]);
        }
    }

    private static object? RaiseException(RenderContext context, object?[] values) =>
        throw new PythonException("raise_exception", PythonText.Str(context, values[0]));

    private static object? StrftimeNow(RenderContext context, object?[] values)
    {
        string format = StringMethods.Text(values[0]);
        context.ChargeText(format.Length);
        return Strftime.Format(context.Now, format);
    }

    private static object? Lipsum(RenderContext context, object?[] values)
    {
        int paragraphs = Integers.Argument(values[0]);
        bool isHtml = Comparison.IsTrue(values[1]);
        int fewest = Math.Max(1, Integers.Argument(values[2]));
        int most = Math.Max(fewest + 1, Integers.Argument(values[3]));
        var text = new StringBuilder();
        for (int i = 0; i < paragraphs; i++)
        {
            if (i > 0)
                text.Append(isHtml ? "\n" : "\n\n");
            int words = context.Random.Next(fewest, most);
            context.Charge(words);
            text.Append(isHtml ? "<p>" : "").Append("Lorem");
            for (int w = 1; w < words; w++)
                text.Append(' ').Append(Words[context.Random.Next(Words.Length)]);
            text.Append(isHtml ? ".</p>" : ".");
            if (text.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
        }

        return isHtml ? new MarkupText(text.ToString()) : text.ToString();
    }
}

/// <summary>Jinja's <c>cycler</c>.</summary>
internal sealed class CyclerValue : IObjectValue
{
    private static readonly BuiltIn Next = new("next", "self, /", static (_, values) =>
    {
        var cycler = (CyclerValue)values[0]!; // bound to it
        object? current = cycler._items[cycler._position];
        cycler._position = (cycler._position + 1) % cycler._items.Length;
        return current;
    });

    private static readonly BuiltIn Reset = new("reset", "self, /", static (_, values) =>
    {
        ((CyclerValue)values[0]!)._position = 0; // bound to it
        return null;
    });

    private readonly object?[] _items;
    private int _position;

    public CyclerValue(object?[] items) =>
        _items = items.Length > 0 ? items : throw Raise.Runtime("at least one item has to be provided");

    public string TypeName => "Cycler";

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = name switch
        {
            "next" => new BuiltInFunction(Next, this, isMethod: true),
            "reset" => new BuiltInFunction(Reset, this, isMethod: true),
            "current" => _items[_position],
            "items" => new TupleValue(_items),
            "pos" => Integers.Box(_position),
            _ => Frame.Missing,
        };
        return !ReferenceEquals(value, Frame.Missing);
    }

    public string Describe(RenderContext context) => "<jinja2.utils.Cycler object>";
}

/// <summary>Jinja's <c>joiner</c>: nothing the first time, then the separator.</summary>
internal sealed class JoinerValue(object? separator) : ICallableValue, IObjectValue
{
    private bool _isUsed;

    public string TypeName => "Joiner";

    public object? Call(RenderContext context, in Arguments arguments)
    {
        object? result = _isUsed ? separator : "";
        _isUsed = true;
        return result;
    }

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = name switch
        {
            "sep" => separator,
            "used" => Boxes.Of(_isUsed),
            _ => Frame.Missing,
        };
        return !ReferenceEquals(value, Frame.Missing);
    }

    public string Describe(RenderContext context) => "<jinja2.utils.Joiner object>";
}
