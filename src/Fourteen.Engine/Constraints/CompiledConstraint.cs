using Fourteen.Engine.Constraints.Automaton;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// What an answer must be, compiled for one vocabulary. Any number of threads and sequences may share it; what matching
/// finds out is kept in it, within limits, and speeds up the next sequence.
/// </summary>
public sealed class CompiledConstraint
{
    internal CompiledConstraint(ConstraintCompiler compiler, Rule root, IReadOnlyList<string> notes)
    {
        Compiler = compiler;
        Notes = notes;
        Start = root.Space.Start(root);
    }

    /// <summary>What was read otherwise than a validator would, without allowing anything that it refuses; e.g.
    /// formats that are annotations. Empty for most.</summary>
    public IReadOnlyList<string> Notes { get; }

    internal ConstraintCompiler Compiler { get; }

    internal Configuration Start { get; }

    /// <summary>A matcher at the beginning of the answer; the caller owns it.</summary>
    public ConstraintMatcher CreateMatcher() => new(this);
}
