namespace Fourteen.Engine.ChatTemplates.Syntax;

internal enum ScopeKind
{
    /// <summary>A plain inner scope: <c>with</c>, <c>filter</c>, a set block.</summary>
    Plain,

    /// <summary>The body of a loop.</summary>
    Loop,

    /// <summary>The body of a macro or call block, which runs where it is called.</summary>
    Macro,
}

/// <summary>
/// The variables of one scope while it is parsed. A scope becomes a <see cref="Values.Frame"/> when it runs; names are
/// resolved to frame and slot once the whole template is read, because a macro sees variables that are set after it.
/// </summary>
internal sealed class Scope(Scope? parent, ScopeKind kind)
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly HashSet<string> _closed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _loaded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _storedFirst = new(StringComparer.Ordinal);
    private readonly HashSet<string> _implicit = new(StringComparer.Ordinal);

    public Scope? Parent { get; } = parent;

    public ScopeKind Kind { get; } = kind;

    public int SlotCount => _slots.Count;

    /// <summary>Makes a variable of this scope.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="certain">False where it is set in one branch of an <c>if</c> only.</param>
    public int Store(string name, bool certain)
    {
        if (certain && !_loaded.Contains(name) && !_slots.ContainsKey(name))
            _storedFirst.Add(name);
        return Slot(name);
    }

    /// <summary>A parameter of a macro, or <c>loop</c>: an outer variable of the same name is never seen.</summary>
    public int Parameter(string name)
    {
        _closed.Add(name);
        return Slot(name);
    }

    /// <summary>
    /// Notes that the scope reads a name, and tells the macros and the loop around of their special ones.
    /// </summary>
    public void Load(string name)
    {
        _loaded.Add(name);
        if (name is not ("loop" or "caller" or "varargs" or "kwargs"))
            return;
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            bool isOwn = name == "loop" ? scope.Kind == ScopeKind.Loop : scope.Kind == ScopeKind.Macro;
            if (isOwn && !scope._slots.ContainsKey(name))
            {
                scope._implicit.Add(name);
                scope.Parameter(name);
            }

            if (isOwn && name == "loop")
                return;
        }
    }

    /// <summary>The slot of a special name that the body reads: <c>loop</c>, <c>caller</c>, …; or -1.</summary>
    public int ImplicitSlot(string name) => _implicit.Contains(name) ? _slots[name] : -1;

    /// <summary>The places where a name can have its value, nearest first.</summary>
    public NamePlaces Resolve(string name)
    {
        var places = new List<SlotPlace>(1);
        int hops = 0;
        bool isStoredFirst = false;
        for (Scope? scope = this; scope is not null; scope = scope.Parent, hops++)
        {
            if (!scope._slots.TryGetValue(name, out int slot))
                continue;
            places.Add(new SlotPlace(hops, slot));
            if (scope._closed.Contains(name))
                return new NamePlaces([.. places], false);
            isStoredFirst = scope._storedFirst.Contains(name);
        }

        // A name that every way through the template sets before it reads it is never taken from outside.
        return new NamePlaces([.. places], !isStoredFirst);
    }

    private int Slot(string name)
    {
        if (!_slots.TryGetValue(name, out int slot))
        {
            slot = _slots.Count;
            _slots.Add(name, slot);
        }

        return slot;
    }
}

/// <param name="Hops">How many frames outwards.</param>
/// <param name="Slot">The slot in that frame.</param>
internal readonly record struct SlotPlace(int Hops, int Slot);

/// <param name="Slots">Frames and slots, nearest first.</param>
/// <param name="IsOpen">True where the template's variables come after them.</param>
internal readonly record struct NamePlaces(SlotPlace[] Slots, bool IsOpen);
