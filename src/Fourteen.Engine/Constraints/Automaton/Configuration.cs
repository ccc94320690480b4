using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>One reading of the text so far: a state, and the rules that are open around it.</summary>
internal readonly record struct Reading(GrammarState State, OpenRules? Open);

/// <summary>
/// All readings of the text so far: a state of the pushdown automaton made deterministic. Equal ones are one object as
/// long as their space remembers them. Immutable but for what is made when first needed; any thread may step.
/// </summary>
internal sealed class Configuration : IEquatable<Configuration>
{
    private readonly StateSpace _space;
    private readonly Configuration?[] _next;
    private readonly byte[] _classes;
    private readonly int _hash;

    internal Configuration(StateSpace space, Reading[] readings, bool canEnd, ByteClasses classes)
    {
        _space = space;
        Readings = readings;
        CanEnd = canEnd;
        _classes = classes.Map;
        IsDead = readings.Length == 0 && !canEnd;
        _next = new Configuration?[classes.Count];
        var hash = default(HashCode);
        hash.Add(canEnd);
        foreach (Reading reading in readings)
            hash.Add(reading);
        _hash = hash.ToHashCode();
    }

    public Reading[] Readings { get; }

    /// <summary>Whether the text may end here: the outermost rule is complete.</summary>
    public bool CanEnd { get; }

    /// <summary>Whether the text so far begins no text of the grammar.</summary>
    public bool IsDead { get; }

    /// <summary>The tokens that may follow, where they were kept.</summary>
    public TokenSet? Mask { get; set; }

    public StateSpace Space => _space;

    public Configuration Step(byte value) => _next[_classes[value]] ?? _space.Advance(this, value);

    public bool Equals(Configuration? other)
    {
        if (ReferenceEquals(this, other))
            return true;
        if (other is null || _hash != other._hash || CanEnd != other.CanEnd
            || Readings.Length != other.Readings.Length)
        {
            return false;
        }

        for (int i = 0; i < Readings.Length; i++)
        {
            (GrammarState state, OpenRules? open) = other.Readings[i];
            if (Readings[i].State != state || !OpenRules.Same(Readings[i].Open, open))
                return false;
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as Configuration);

    public override int GetHashCode() => _hash;

    internal void SetNext(byte value, Configuration next) => _next[_classes[value]] = next;

    internal void Forget()
    {
        Array.Clear(_next);
        Mask = null;
    }
}
