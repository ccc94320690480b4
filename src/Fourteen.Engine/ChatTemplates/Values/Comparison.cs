namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Python's truth, equality, order and membership.</summary>
internal static class Comparison
{
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        long number => number != 0,
        double real => real != 0,
        SequenceValue sequence => sequence.Items.Length > 0,
        DictValue dict => dict.Count > 0,
        MarkupText markup => markup.Text.Length > 0,
        UndefinedValue => false,
        RangeValue range => range.Count > 0,
        DictView view => view.Dict.Count > 0,
        _ => true, // A large integer is not zero; generators, functions and namespaces are true.
    };

    public static bool AreEqual(RenderContext context, object? a, object? b)
    {
        if (a is string s && b is string t)
        {
            context.ChargeText(s.Length == t.Length ? s.Length : 0);
            return string.Equals(s, t);
        }

        if (a is null || b is null)
            return a is null && b is null;
        if (Integers.IsNumber(a))
            return Integers.IsNumber(b) && Arithmetic.NumbersEqual(a, b);
        if (Strings.TryText(a, out string? x))
        {
            context.ChargeText(x.Length);
            return Strings.TryText(b, out string? y) && string.Equals(x, y);
        }

        context.Step();
        switch (a)
        {
            case ListValue list: return b is ListValue other && ItemsEqual(context, list.Items, other.Items);
            case TupleValue tuple: return b is TupleValue pair && ItemsEqual(context, tuple.Items, pair.Items);
            case DictValue dict: return b is DictValue map && DictsEqual(context, dict, map);
            case UndefinedValue: return b is UndefinedValue;
            case RangeValue range:
                return b is RangeValue span && range.Count == span.Count
                    && (range.Count == 0 || (range.Start == span.Start
                        && (range.Count == 1 || range.Step == span.Step)));
            case DictView { Kind: DictViewKind.Keys } view:
                return b is DictView { Kind: DictViewKind.Keys } keys && SameKeys(context, view.Dict, keys.Dict);
            default: return ReferenceEquals(a, b);
        }
    }

    /// <summary>
    /// <c>a &lt; b</c> and its three relatives, <paramref name="symbol"/> being what the template wrote.
    /// </summary>
    public static bool IsOrdered(RenderContext context, string symbol, object? a, object? b)
    {
        context.Step();
        int? order = Order(context, symbol, a, b);
        return symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(RenderContext context, object? container, object? item)
    {
        switch (container)
        {
            case DictValue dict:
                Hashing.Charge(context, item);
                return dict.TryGet(item, out _);
            case SequenceValue sequence:
                return IndexOf(context, sequence.Items, item) >= 0;
            case UndefinedValue:
                return false;
            case DictView { Kind: DictViewKind.Keys } keys:
                Hashing.Charge(context, item);
                return keys.Dict.TryGet(item, out _);
        }

        if (Strings.TryText(container, out string? text))
        {
            if (!Strings.TryText(item, out string? part))
                throw Raise.Type($"'in <string>' requires string as left operand, not {TypeNames.Of(item)}");
            context.ChargeText(text.Length);
            return TextSearch.IndexOf(text, part) >= 0;
        }

        if (!Iteration.IsIterable(container))
            throw Raise.Type($"argument of type '{TypeNames.Of(container)}' is not iterable");
        IEnumerator<object?> items = Iteration.Start(context, container);
        while (items.MoveNext())
        {
            if (AreEqual(context, items.Current, item))
                return true;
        }

        return false;
    }

    /// <summary>The first index of an equal item, or -1.</summary>
    public static int IndexOf(RenderContext context, object?[] items, object? item)
    {
        context.Charge(items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            if (AreEqual(context, items[i], item))
                return i;
        }

        return -1;
    }

    private static int? Order(RenderContext context, string symbol, object? a, object? b)
    {
        if (Integers.IsNumber(a) && Integers.IsNumber(b))
            return Arithmetic.CompareNumbers(a!, b!); // both are numbers
        if (Strings.TryText(a, out string? s) && Strings.TryText(b, out string? t))
        {
            context.ChargeText(Math.Min(s.Length, t.Length));
            return CodePoints.Compare(s, t);
        }

        Arithmetic.RequireDefined(a, b);
        if ((a is ListValue && b is ListValue) || (a is TupleValue && b is TupleValue))
            return OrderItems(context, symbol, ((SequenceValue)a).Items, ((SequenceValue)b).Items);
        throw Raise.Type(
            $"'{symbol}' not supported between instances of '{TypeNames.Of(a)}' and '{TypeNames.Of(b)}'");
    }

    private static int? OrderItems(RenderContext context, string symbol, object?[] a, object?[] b)
    {
        int shared = Math.Min(a.Length, b.Length);
        for (int i = 0; i < shared; i++)
        {
            context.Step();
            if (!AreEqual(context, a[i], b[i]))
                return Order(context, symbol, a[i], b[i]);
        }

        return a.Length.CompareTo(b.Length);
    }

    private static bool ItemsEqual(RenderContext context, object?[] a, object?[] b)
    {
        if (a.Length != b.Length)
            return false;
        for (int i = 0; i < a.Length; i++)
        {
            context.Step();
            if (!ReferenceEquals(a[i], b[i]) && !AreEqual(context, a[i], b[i]))
                return false;
        }

        return true;
    }

    private static bool DictsEqual(RenderContext context, DictValue a, DictValue b)
    {
        if (a.Count != b.Count)
            return false;
        for (int i = 0; i < a.Count; i++)
        {
            context.Step();
            Hashing.Charge(context, a.KeyAt(i));
            if (!b.TryGet(a.KeyAt(i), out object? other) || !AreEqual(context, a.ValueAt(i), other))
                return false;
        }

        return true;
    }

    private static bool SameKeys(RenderContext context, DictValue a, DictValue b)
    {
        if (a.Count != b.Count)
            return false;
        for (int i = 0; i < a.Count; i++)
        {
            context.Step();
            Hashing.Charge(context, a.KeyAt(i));
            if (!b.TryGet(a.KeyAt(i), out _))
                return false;
        }

        return true;
    }
}
