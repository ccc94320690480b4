namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// A list or tuple. Templates run in a sandbox where nothing changes a list, so the array is shared, never written to
/// after construction, and cannot contain itself.
/// </summary>
internal abstract class SequenceValue : IDeepValue
{
    protected SequenceValue(object?[] items)
    {
        if (items.Length > TemplateLimits.ListItems)
            throw Raise.Limit($"a list is limited to {TemplateLimits.ListItems} items");
        Items = items;
        Depth = Deep.Above(items);
    }

    public object?[] Items { get; }

    public int Depth { get; }
}

/// <summary>Python's list.</summary>
internal sealed class ListValue(object?[] items) : SequenceValue(items);

/// <summary>Python's tuple.</summary>
internal class TupleValue(params object?[] items) : SequenceValue(items)
{
    public static readonly TupleValue Empty = new();
}

/// <summary>What <c>groupby</c> yields: a tuple whose parts have names too.</summary>
internal sealed class GroupTuple(object? grouper, ListValue list) : TupleValue(grouper, list);

/// <summary>Python's range; its length fits the sandbox's limit.</summary>
internal sealed class RangeValue
{
    public RangeValue(long start, long stop, long step)
    {
        if (step == 0)
            throw Raise.Value("range() arg 3 must not be zero");
        Start = start;
        Stop = stop;
        Step = step;
        Int128 span = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 stride = Int128.Abs(step);
        Int128 count = span <= 0 ? 0 : (span + stride - 1) / stride;
        if (count > TemplateLimits.RangeItems)
            throw Raise.Limit($"a range is limited to {TemplateLimits.RangeItems} items");
        Count = (int)count;
    }

    public long Start { get; }

    public long Stop { get; }

    public long Step { get; }

    public int Count { get; }

    public object At(int index) => Integers.Box(Start + (index * Step));

    public object[] ToArray()
    {
        var items = new object[Count];
        for (int i = 0; i < items.Length; i++)
            items[i] = At(i);
        return items;
    }
}

/// <summary>The three values of <c>x[a:b:c]</c>, as a key.</summary>
internal sealed record SliceValue(object? Start, object? Stop, object? Step);

/// <summary>What a dictionary's <c>keys</c>, <c>values</c> or <c>items</c> returns.</summary>
internal sealed class DictView(DictValue dict, DictViewKind kind)
{
    public DictValue Dict { get; } = dict;

    public DictViewKind Kind { get; } = kind;

    public string TypeName => Kind switch
    {
        DictViewKind.Keys => "dict_keys",
        DictViewKind.Values => "dict_values",
        _ => "dict_items",
    };

    public object?[] ToArray()
    {
        var items = new object?[Dict.Count];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = Kind switch
            {
                DictViewKind.Keys => Dict.KeyAt(i),
                DictViewKind.Values => Dict.ValueAt(i),
                _ => new TupleValue(Dict.KeyAt(i), Dict.ValueAt(i)),
            };
        }

        return items;
    }
}

internal enum DictViewKind
{
    Keys,
    Values,
    Items,
}

/// <summary>
/// A generator or iterator: lazy, without length, and empty once walked through. Only one walk at a time advances it.
/// </summary>
internal sealed class IteratorValue(string typeName, IEnumerator<object?> source)
{
    public string TypeName { get; } = typeName;

    /// <summary>The next item, or false at the end. Lazy sequences on lazy sequences count as nested calls.</summary>
    public bool TryNext(RenderContext context, out object? item)
    {
        context.Step();
        context.EnterCall();
        bool any = source.MoveNext();
        context.LeaveCall();
        item = any ? source.Current : null;
        return any;
    }
}

/// <summary>
/// Text that is already escaped for HTML: what <c>|e</c> and <c>|safe</c> return. It is a string with a mark.
/// </summary>
internal sealed class MarkupText(string text)
{
    public string Text { get; } = text;
}

/// <summary>A value that holds values; its depth is limited, so that walking through it needs no guard.</summary>
internal interface IDeepValue
{
    /// <summary>1 for a container without containers.</summary>
    int Depth { get; }
}

internal static class Deep
{
    /// <summary>The depth of a container of these items, or an error where that is too deep.</summary>
    public static int Above(ReadOnlySpan<object?> items)
    {
        int depth = 0;
        foreach (object? item in items)
        {
            if (item is IDeepValue deep && deep.Depth > depth)
                depth = deep.Depth;
        }

        if (depth >= TemplateLimits.ValueDepth)
            throw Raise.Limit($"values are limited to {TemplateLimits.ValueDepth} levels of nesting");
        return depth + 1;
    }
}
