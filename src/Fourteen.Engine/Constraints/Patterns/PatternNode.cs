using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Patterns;

/// <summary>A part of a regular expression over characters.</summary>
internal abstract record PatternNode
{
    /// <summary>One character of a set.</summary>
    internal sealed record Characters(CodePointSet Set) : PatternNode;

    internal sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    internal sealed record Choice(IReadOnlyList<PatternNode> Members) : PatternNode;

    /// <summary>From <paramref name="Min"/> to <paramref name="Max"/> times; without end where that is the largest int.
    /// </summary>
    internal sealed record Repeat(PatternNode Part, int Min, int Max) : PatternNode;

    /// <summary>The beginning of the text, or its end.</summary>
    internal sealed record Anchor(bool IsEnd) : PatternNode;
}
