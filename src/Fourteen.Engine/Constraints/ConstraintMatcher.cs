using Fourteen.Engine.Constraints.Automaton;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// Follows one sequence through a constraint, token by token. One thread at a time; which one may change. Its state is
/// one reference to what is immutable, so that copies cost nothing (<see cref="Clone"/>).
/// </summary>
public sealed class ConstraintMatcher
{
    private readonly CompiledConstraint _constraint;
    private Configuration _at;

    internal ConstraintMatcher(CompiledConstraint constraint)
        : this(constraint, constraint.Start)
    {
    }

    private ConstraintMatcher(CompiledConstraint constraint, Configuration at)
    {
        _constraint = constraint;
        _at = at;
    }

    /// <summary>Whether the answer may end here: the caller allows its end tokens.</summary>
    public bool CanEnd => _at.CanEnd;

    /// <summary>Whether nothing may follow: the caller ends the answer without asking the model.</summary>
    public bool IsComplete => _at.CanEnd && _at.Readings.Length == 0;

    /// <summary>
    /// Sets the bit of each token that may follow and clears all others, end tokens among them. Where no bit is set and
    /// <see cref="CanEnd"/> is false, the vocabulary cannot spell what the constraint demands.
    /// </summary>
    /// <param name="allowed">Bit id % 64 of word id / 64; at least a bit for each token of the vocabulary.</param>
    /// <exception cref="ConstraintException">A step exceeds the limit of states.</exception>
    public void FillMask(Span<ulong> allowed)
    {
        ConstraintCompiler compiler = _constraint.Compiler;
        if (allowed.Length < compiler.MaskWords)
        {
            throw new ArgumentException(
                $"a mask needs {compiler.MaskWords} words, but this one has {allowed.Length}", nameof(allowed));
        }

        allowed.Clear();
        _at.Space.BeginStep();
        MaskBuilder builder = compiler.LendBuilder();
        builder.Fill(_at, allowed);
        compiler.TakeBack(builder);
    }

    /// <summary>Goes on with a token.</summary>
    /// <exception cref="InvalidOperationException">The token may not follow; the matcher stays where it is.</exception>
    /// <exception cref="ConstraintException">The step exceeds the limit of states.</exception>
    public void Accept(int token)
    {
        if (!TryAccept(token))
            throw new InvalidOperationException($"token {token} may not follow here; take one that the mask allows");
    }

    /// <summary>Goes on with a token, if it may follow; else nothing changes.</summary>
    /// <exception cref="ConstraintException">The step exceeds the limit of states.</exception>
    public bool TryAccept(int token)
    {
        _at.Space.BeginStep();
        Configuration byId = _at.Space.StepToken(_at, token);
        ReadOnlySpan<byte> bytes = _constraint.Compiler.BytesOf(token);
        Configuration byBytes = bytes.Length == 0 ? _at.Space.Dead : Step(bytes);
        Configuration after = _at.Space.Join(byId, byBytes);
        if (after.IsDead)
            return false;
        _at = after;
        return true;
    }

    /// <summary>Goes on with bytes of text, if they may follow; else nothing changes.</summary>
    /// <exception cref="ConstraintException">The step exceeds the limit of states.</exception>
    public bool TryAcceptBytes(ReadOnlySpan<byte> utf8)
    {
        _at.Space.BeginStep();
        Configuration after = Step(utf8);
        if (after.IsDead)
            return false;
        _at = after;
        return true;
    }

    /// <summary>A matcher at the same place, independent from here on: a speculation that may be dropped.</summary>
    public ConstraintMatcher Clone() => new(_constraint, _at);

    private Configuration Step(ReadOnlySpan<byte> bytes)
    {
        Configuration at = _at;
        foreach (byte value in bytes)
        {
            at = at.Step(value);
            if (at.IsDead)
                break;
        }

        return at;
    }
}
