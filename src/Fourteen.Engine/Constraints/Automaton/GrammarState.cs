using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>
/// What may still follow within one rule: an expression with its transitions, each made when first taken. Any thread
/// may step; what is missing is made under the lock of the space.
/// </summary>
internal sealed class GrammarState
{
    private readonly GrammarState?[] _next;

    internal GrammarState(StateSpace space, Expression expression, ByteClasses classes, OpeningList? openings)
    {
        Space = space;
        Expression = expression;
        Classes = classes;
        Calls = openings is null ? [] : [.. openings.Calls];
        Tokens = openings is null ? [] : [.. openings.Tokens];
        _next = new GrammarState?[classes.Count];
        HasEdges = Tokens.Length > 0 || classes.Count > 1
            || (expression.IsRegular && expression is not (EmptyExpression or NothingExpression));
    }

    public StateSpace Space { get; }

    public Expression Expression { get; }

    public ByteClasses Classes { get; }

    /// <summary>The rules that may begin here, each with what follows it.</summary>
    public (Rule Rule, Expression After)[] Calls { get; }

    /// <summary>The tokens that may stand here by their id, each with what follows it.</summary>
    public (int Token, Expression After)[] Tokens { get; }

    /// <summary>Whether the rule may end here.</summary>
    public bool IsAccepting => Expression.IsNullable;

    /// <summary>Whether a byte or token may follow before a rule is opened or this one ends.</summary>
    public bool HasEdges { get; }

    /// <summary>The tokens that may follow, as far as the rule itself decides; once made.</summary>
    public StateMask? Mask { get; set; }

    /// <summary>The state after a byte; null where none follows.</summary>
    public GrammarState? Step(byte value)
    {
        GrammarState next = _next[Classes[value]] ?? Space.Advance(this, value);
        return next.Expression is NothingExpression ? null : next;
    }

    internal void SetNext(byte value, GrammarState next) => _next[Classes[value]] = next;

    internal void Forget()
    {
        Array.Clear(_next);
        Mask = null;
        Expression.State = null;
    }
}
