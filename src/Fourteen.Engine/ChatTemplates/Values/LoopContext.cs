namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>The items of a loop, with a look ahead; lazy where the loop is over something lazy.</summary>
internal sealed class ItemSource
{
    private readonly object?[]? _known;
    private readonly IEnumerator<object?>? _lazy;
    private readonly Queue<object?> _ahead = new();
    private int _next;

    private ItemSource(object?[]? known, IEnumerator<object?>? lazy)
    {
        _known = known;
        _lazy = lazy;
    }

    public static ItemSource Of(RenderContext context, object? value) =>
        Iteration.TryKnown(context, value, out object?[]? known)
            ? new ItemSource(known, null)
            : new ItemSource(null, Iteration.Start(context, value));

    public static ItemSource Lazy(IEnumerator<object?> items) => new(null, items);

    public bool TryNext(out object? item)
    {
        if (_known is not null)
        {
            bool any = _next < _known.Length;
            item = any ? _known[_next++] : null;
            return any;
        }

        if (_ahead.TryDequeue(out item))
            return true;
        return TryPull(out item);
    }

    public bool TryPeek(out object? item)
    {
        if (_known is not null)
        {
            bool any = _next < _known.Length;
            item = any ? _known[_next] : null;
            return any;
        }

        if (_ahead.TryPeek(out item))
            return true;
        if (!TryPull(out item))
            return false;
        _ahead.Enqueue(item);
        return true;
    }

    /// <summary>How many items are left; a lazy source is read to its end for it.</summary>
    public int CountLeft()
    {
        if (_known is not null)
            return _known.Length - _next;
        while (TryPull(out object? item))
            _ahead.Enqueue(item);
        return _ahead.Count;
    }

    private bool TryPull(out object? item)
    {
        bool any = _lazy!.MoveNext(); // One of the two sources is set.
        item = any ? _lazy.Current : null;
        return any;
    }
}

/// <summary>The variable <c>loop</c>.</summary>
/// <param name="recurse">Renders the loop's body for other items one level deeper; null unless it is recursive.</param>
internal sealed class LoopContext(
    ItemSource items, int depth0, Func<RenderContext, object?, int, object>? recurse) : ICallableValue, IObjectValue
{
    private static readonly object Nothing = new();

    private object? _previous = Nothing;
    private object? _current = Nothing;
    private object? _changed = Nothing;
    private long _index0 = -1;

    public string TypeName => "LoopContext";

    public object? Current => _current;

    /// <summary>Steps on to the next item, or returns false after the last.</summary>
    public bool TryAdvance()
    {
        if (!items.TryNext(out object? item))
            return false;
        _previous = _current;
        _current = item;
        _index0++;
        return true;
    }

    public object? Call(RenderContext context, in Arguments arguments)
    {
        if (recurse is null)
        {
            throw Raise.Type(
                "The loop must have the 'recursive' marker to be called recursively.");
        }

        if (arguments.Positional.Length != 1 || arguments.Named.Length != 0)
            throw Raise.Type("loop() takes one argument, the items of the inner loop");
        return recurse(context, arguments.Positional[0], depth0 + 1);
    }

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = name switch
        {
            "index" => Integers.Box(_index0 + 1),
            "index0" => Integers.Box(_index0),
            "revindex" => Integers.Box(items.CountLeft() + 1L),
            "revindex0" => Integers.Box(items.CountLeft()),
            "first" => Boxes.Of(_index0 == 0),
            "last" => Boxes.Of(!items.TryPeek(out _)),
            "length" => Integers.Box(Length),
            "depth" => Integers.Box(depth0 + 1L),
            "depth0" => Integers.Box(depth0),
            "previtem" => ReferenceEquals(_previous, Nothing)
                ? UndefinedValue.Hint("there is no previous item") : _previous,
            "nextitem" => items.TryPeek(out object? next) ? next : UndefinedValue.Hint("there is no next item"),
            "cycle" => new BuiltInFunction(Cycle, this, isMethod: true),
            "changed" => new BuiltInFunction(Changed, this, isMethod: true),
            _ => Nothing,
        };
        return !ReferenceEquals(value, Nothing);
    }

    public string Describe(RenderContext context) => $"<LoopContext {_index0 + 1}/{Length}>";

    private long Length => _index0 + 1 + items.CountLeft();

    private static readonly BuiltIn Cycle = new("cycle", "self, *args, /", static (_, values) =>
    {
        var choices = (object?[])values[1]!; // *args is never null
        if (choices.Length == 0)
            throw Raise.Type("no items for cycling given");
        return choices[(int)(((LoopContext)values[0]!)._index0 % choices.Length)]; // bound to the loop
    });

    private static readonly BuiltIn Changed = new("changed", "self, *args, /", static (context, values) =>
    {
        var loop = (LoopContext)values[0]!; // bound to the loop
        var now = new TupleValue((object?[])values[1]!); // *args is never null
        if (!ReferenceEquals(loop._changed, Nothing) && Comparison.AreEqual(context, loop._changed, now))
            return Boxes.False;
        loop._changed = now;
        return Boxes.True;
    });
}
