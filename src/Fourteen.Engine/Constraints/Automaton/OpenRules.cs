namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>The rules that are open: where the innermost one returns to, and those around it. Immutable.</summary>
internal sealed class OpenRules : IEquatable<OpenRules>
{
    private readonly int _hash;

    public OpenRules(GrammarState returnTo, OpenRules? outer)
    {
        ReturnTo = returnTo;
        Outer = outer;
        Depth = (outer?.Depth ?? 0) + 1;
        _hash = HashCode.Combine(returnTo, outer?._hash ?? 0);
    }

    public GrammarState ReturnTo { get; }

    public OpenRules? Outer { get; }

    public int Depth { get; }

    public static bool Same(OpenRules? x, OpenRules? y)
    {
        while (!ReferenceEquals(x, y))
        {
            if (x is null || y is null || x._hash != y._hash || x.Depth != y.Depth || x.ReturnTo != y.ReturnTo)
                return false;
            (x, y) = (x.Outer, y.Outer);
        }

        return true;
    }

    public bool Equals(OpenRules? other) => Same(this, other);

    public override bool Equals(object? obj) => Equals(obj as OpenRules);

    public override int GetHashCode() => _hash;
}
