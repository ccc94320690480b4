using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>A part of a grammar that others call, perhaps itself among them.</summary>
internal sealed class Rule(string name, StateSpace space)
{
    public string Name { get; } = name;

    public StateSpace Space { get; } = space;

    /// <summary>What it accepts; nothing until it is set.</summary>
    public Expression Body { get; set; } = space.Table.Nothing;
}
