namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Walking through any iterable value.</summary>
internal static class Iteration
{
    public static bool IsIterable(object? value) => value is SequenceValue or string or DictValue or UndefinedValue
        or MarkupText or RangeValue or DictView or IteratorValue or LoopContext;

    /// <summary>
    /// The items as an array, which the caller must not change; the value's own array where it has one.
    /// </summary>
    public static object?[] ToArray(RenderContext context, object? value)
    {
        if (TryKnown(context, value, out object?[]? known))
        {
            context.Charge(known.Length);
            return known;
        }

        var items = new List<object?>();
        IEnumerator<object?> source = Start(context, value);
        while (source.MoveNext())
        {
            if (items.Count >= TemplateLimits.ListItems)
                throw Raise.Limit($"a list is limited to {TemplateLimits.ListItems} items");
            items.Add(source.Current);
        }

        return [.. items];
    }

    /// <summary>The items one by one.</summary>
    public static IEnumerator<object?> Start(RenderContext context, object? value)
    {
        if (TryKnown(context, value, out object?[]? known))
            return Walk(context, known);
        return value switch
        {
            IteratorValue iterator => Walk(context, iterator),
            LoopContext loop => Walk(loop),
            _ => throw Raise.Type($"'{TypeNames.Of(value)}' object is not iterable"),
        };
    }

    /// <summary>The items of a value that is not lazy.</summary>
    public static bool TryKnown(
        RenderContext context, object? value, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object?[]? items)
    {
        items = value switch
        {
            SequenceValue sequence => sequence.Items,
            UndefinedValue => [],
            RangeValue range => Charged(context, range.Count) ? range.ToArray() : [],
            DictView view => Charged(context, view.Dict.Count) ? view.ToArray() : [],
            DictValue dict => Charged(context, dict.Count) ? new DictView(dict, DictViewKind.Keys).ToArray() : [],
            string text => CharactersOf(context, text),
            MarkupText markup => CharactersOf(context, markup.Text),
            _ => null,
        };
        return items is not null;
    }

    /// <summary>Python's <c>len()</c>; false where the value has none.</summary>
    public static bool TryLength(object? value, out int length)
    {
        switch (value)
        {
            case SequenceValue sequence: length = sequence.Items.Length; break;
            case DictValue dict: length = dict.Count; break;
            case string text: length = CodePoints.Count(text); break;
            case MarkupText markup: length = CodePoints.Count(markup.Text); break;
            case RangeValue range: length = range.Count; break;
            case DictView view: length = view.Dict.Count; break;
            case UndefinedValue: length = 0; break;
            default: length = 0; return false;
        }

        return true;
    }

    /// <summary>Counts the making of an array; true, so that it can stand in a condition.</summary>
    private static bool Charged(RenderContext context, int count)
    {
        context.Charge(count);
        return true;
    }

    private static object?[] CharactersOf(RenderContext context, string text)
    {
        context.Charge(text.Length);
        return CodePoints.Split(text);
    }

    private static IEnumerator<object?> Walk(RenderContext context, object?[] items)
    {
        foreach (object? item in items)
        {
            context.Step();
            yield return item;
        }
    }

    private static IEnumerator<object?> Walk(RenderContext context, IteratorValue iterator)
    {
        while (iterator.TryNext(context, out object? item))
            yield return item;
    }

    private static IEnumerator<object?> Walk(LoopContext loop)
    {
        while (loop.TryAdvance())
            yield return new TupleValue(loop.Current, loop);
    }
}
