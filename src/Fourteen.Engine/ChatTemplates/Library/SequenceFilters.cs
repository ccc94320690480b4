using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The filters on sequences and dicts as wholes: order, length, parts, sums.</summary>
internal static class SequenceFilters
{
    public static readonly BuiltIn[] Rows =
    [
        new("length", "value", Length),
        new("list", "value", static (c, v) => new ListValue(Iteration.ToArray(c, v[0]))),
        new("items", "value", Items),
        new("default", "value, default_value='', boolean=False", static (_, v) =>
            v[0] is UndefinedValue || (Comparison.IsTrue(v[2]) && !Comparison.IsTrue(v[0])) ? v[1] : v[0]),
        new("first", "seq", First),
        new("last", "seq", Last),
        new("random", "seq", RandomItem),
        new("reverse", "value", Reverse),
        new("join", "value, d='', attribute=None", Join),
        new("sort", "value, reverse=False, case_sensitive=False, attribute=None", Sort),
        new("dictsort", "value, case_sensitive=False, by='key', reverse=False", DictSort),
        new("groupby", "value, attribute, default=None, case_sensitive=False", GroupBy),
        new("unique", "value, case_sensitive=False, attribute=None", Unique),
        new("min", "value, case_sensitive=False, attribute=None", static (c, v) => Extreme(c, v, "<")),
        new("max", "value, case_sensitive=False, attribute=None", static (c, v) => Extreme(c, v, ">")),
        new("sum", "iterable, attribute=None, start=0", Sum),
        new("batch", "value, linecount, fill_with=None", Batch),
        new("slice", "value, slices, fill_with=None", Slice),
    ];

    private static object? Length(RenderContext context, object?[] values)
    {
        Hashing.Charge(context, Strings.TryText(values[0], out string? text) ? text : null);
        return Iteration.TryLength(values[0], out int length)
            ? Integers.Box(length)
            : throw Raise.Type($"object of type '{TypeNames.Of(values[0])}' has no len()");
    }

    private static object? Items(RenderContext context, object?[] values)
    {
        return new IteratorValue("generator", Walk());

        // As Python's generator does, it complains when the first item is asked for.
        IEnumerator<object?> Walk()
        {
            if (values[0] is UndefinedValue)
                yield break;
            if (values[0] is not DictValue dict)
                throw Raise.Type("Can only get item pairs from a mapping.");
            for (int i = 0; i < dict.Count; i++)
                yield return new TupleValue(dict.KeyAt(i), dict.ValueAt(i));
        }
    }

    private static object? First(RenderContext context, object?[] values)
    {
        if (values[0] is SequenceValue sequence)
            return sequence.Items.Length > 0 ? sequence.Items[0] : NoItem("first");
        if (values[0] is string { Length: > 0 } text)
            return CodePoints.TextAt(text, 0);
        IEnumerator<object?> items = Iteration.Start(context, values[0]);
        return items.MoveNext() ? items.Current : NoItem("first");
    }

    private static object? Last(RenderContext context, object?[] values)
    {
        if (values[0] is IteratorValue)
            throw Raise.Type($"'{TypeNames.Of(values[0])}' object is not reversible");
        object?[] items = Iteration.ToArray(context, values[0]);
        return items.Length > 0 ? items[^1] : NoItem("last");
    }

    private static object? RandomItem(RenderContext context, object?[] values)
    {
        if (!Iteration.TryLength(values[0], out _) || values[0] is DictValue)
            throw Raise.Type($"object of type '{TypeNames.Of(values[0])}' has no items by number");
        object?[] items = Iteration.ToArray(context, values[0]);
        return items.Length > 0 ? items[context.Random.Next(items.Length)] : NoItem("random");
    }

    private static UndefinedValue NoItem(string which) => UndefinedValue.Hint($"No {which} item, sequence was empty.");

    private static object? Reverse(RenderContext context, object?[] values)
    {
        if (Strings.TryText(values[0], out string? text))
        {
            var backwards = new SliceValue(null, null, Integers.Box(-1));
            return Slicing.Slice(context, values[0] is MarkupText ? values[0] : text, backwards);
        }

        object?[] items = Iteration.ToArray(context, values[0]);
        var turned = (object?[])items.Clone();
        Array.Reverse(turned);
        return values[0] switch
        {
            IteratorValue => new ListValue(turned),
            ListValue => new IteratorValue("list_reverseiterator", Walk(turned)),
            RangeValue => new IteratorValue("range_iterator", Walk(turned)),
            _ => new IteratorValue("reversed", Walk(turned)),
        };
    }

    public static IEnumerator<object?> Walk(object?[] items) => ((IEnumerable<object?>)items).GetEnumerator();

    private static object? Join(RenderContext context, object?[] values)
    {
        object?[] items = Iteration.ToArray(context, values[0]);
        if (values[2] is not null)
            items = Array.ConvertAll(items, ItemGetter.Of(context, values[2]).Get);
        bool isMarkup = context.Autoescape
            && (values[1] is MarkupText || Array.Exists(items, static i => i is MarkupText));
        string separator = PythonText.Str(context, values[1]);
        if (isMarkup && values[1] is not MarkupText)
            separator = Html.Escape(separator);
        var texts = new string[items.Length];
        long length = (long)separator.Length * Math.Max(0, items.Length - 1);
        for (int i = 0; i < items.Length; i++)
        {
            texts[i] = isMarkup ? Html.Of(context, items[i]) : PythonText.Str(context, items[i]);
            length += texts[i].Length;
        }

        context.ChargeText(length);
        string joined = string.Join(separator, texts);
        return isMarkup ? new MarkupText(joined) : joined;
    }

    private static object? Sort(RenderContext context, object?[] values)
    {
        ItemGetter getter = ItemGetter.OfMany(context, values[3], ignoresCase: !Comparison.IsTrue(values[2]));
        object?[] items = Iteration.ToArray(context, values[0]);
        return new ListValue(Sorting.Sorted(context, items, getter.Get, Comparison.IsTrue(values[1])));
    }

    private static object? DictSort(RenderContext context, object?[] values)
    {
        string by = PythonText.Str(context, values[2]);
        if (by is not ("key" or "value"))
            throw Raise.FilterArgument("You can only sort by either \"key\" or \"value\"");
        if (values[0] is not DictValue dict)
        {
            throw values[0] is UndefinedValue undefined
                ? undefined.Error()
                : Raise.Type($"'{TypeNames.Of(values[0])}' object has no attribute 'items'");
        }

        int index = by == "key" ? 0 : 1;
        bool ignoresCase = !Comparison.IsTrue(values[1]);
        object?[] pairs = new DictView(dict, DictViewKind.Items).ToArray();
        context.Charge(pairs.Length);
        return new ListValue(Sorting.Sorted(
            context, pairs, pair => ItemGetter.Key(((TupleValue)pair!).Items[index], ignoresCase), // pairs are tuples
            Comparison.IsTrue(values[3])));
    }

    private static object? GroupBy(RenderContext context, object?[] values)
    {
        bool ignoresCase = !Comparison.IsTrue(values[3]);
        ItemGetter exact = ItemGetter.Of(context, values[1], ignoresCase: false, values[2]);
        ItemGetter getter = ItemGetter.Of(context, values[1], ignoresCase, values[2]);
        object?[] items = Sorting.Sorted(context, Iteration.ToArray(context, values[0]), getter.Get, isReverse: false);
        var groups = new List<object?>();
        int start = 0;
        for (int i = 1; i <= items.Length; i++)
        {
            if (i < items.Length && Comparison.AreEqual(context, getter.Get(items[start]), getter.Get(items[i])))
                continue;
            groups.Add(new GroupTuple(exact.Get(items[start]), new ListValue(items[start..i])));
            start = i;
        }

        return new ListValue([.. groups]);
    }

    private static object? Unique(RenderContext context, object?[] values)
    {
        ItemGetter getter = ItemGetter.Of(context, values[2], ignoresCase: !Comparison.IsTrue(values[1]), null);
        return new IteratorValue("generator", Walk());

        IEnumerator<object?> Walk()
        {
            var seen = new HashSet<DictKey>();
            IEnumerator<object?> items = Iteration.Start(context, values[0]);
            while (items.MoveNext())
            {
                object? key = getter.Get(items.Current);
                Hashing.RequireHashable(key);
                Hashing.Charge(context, key);
                if (seen.Add(new DictKey(key)))
                    yield return items.Current;
            }
        }
    }

    private static object? Extreme(RenderContext context, object?[] values, string symbol)
    {
        ItemGetter getter = ItemGetter.Of(context, values[2], ignoresCase: !Comparison.IsTrue(values[1]), null);
        object?[] items = Iteration.ToArray(context, values[0]);
        if (items.Length == 0)
            return UndefinedValue.Hint("No aggregated item, sequence was empty.");
        object? best = items[0];
        object? bestKey = getter.Get(best);
        for (int i = 1; i < items.Length; i++)
        {
            object? key = getter.Get(items[i]);
            if (!Comparison.IsOrdered(context, symbol, key, bestKey))
                continue;
            best = items[i];
            bestKey = key;
        }

        return best;
    }

    private static object? Sum(RenderContext context, object?[] values)
    {
        object?[] items = Iteration.ToArray(context, values[0]);
        if (values[1] is not null)
            items = Array.ConvertAll(items, ItemGetter.Of(context, values[1]).Get);
        object? sum = values[2];
        if (sum is string or MarkupText)
            throw Raise.Type("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (object? item in items)
            sum = Arithmetic.Add(context, sum, item);
        return sum;
    }

    private static object? Batch(RenderContext context, object?[] values)
    {
        int size = Integers.Argument(values[1]);
        return new IteratorValue("generator", Walk());

        IEnumerator<object?> Walk()
        {
            var batch = new List<object?>();
            IEnumerator<object?> items = Iteration.Start(context, values[0]);
            while (items.MoveNext())
            {
                if (batch.Count == size)
                {
                    yield return new ListValue([.. batch]);
                    batch.Clear();
                }

                batch.Add(items.Current);
            }

            if (batch.Count == 0)
                yield break;
            if (values[2] is not null && size > batch.Count)
            {
                context.Charge(size - batch.Count);
                batch.AddRange(Enumerable.Repeat(values[2], size - batch.Count));
            }

            yield return new ListValue([.. batch]);
        }
    }

    private static object? Slice(RenderContext context, object?[] values)
    {
        int slices = Integers.Argument(values[1]);
        return new IteratorValue("generator", Walk());

        IEnumerator<object?> Walk()
        {
            object?[] items = Iteration.ToArray(context, values[0]);
            if (slices == 0)
                throw Raise.ZeroDivision("integer division or modulo by zero");
            int each = slices < 0 ? 0 : items.Length / slices;
            int longer = slices < 0 ? 0 : items.Length % slices;
            int at = 0;
            for (int i = 0; i < slices; i++)
            {
                context.Step();
                int end = at + each + (i < longer ? 1 : 0);
                object?[] part = items[at..end];
                if (values[2] is not null && i >= longer)
                    part = [.. part, values[2]];
                yield return new ListValue(part);
                at = end;
            }
        }
    }

    /// <summary>A value in a set, compared as a key is.</summary>
    private readonly record struct DictKey(object? Value)
    {
        public bool Equals(DictKey other) => Hashing.KeysEqual(Value, other.Value);

        public override int GetHashCode() => Hashing.Hash(Value);
    }
}
