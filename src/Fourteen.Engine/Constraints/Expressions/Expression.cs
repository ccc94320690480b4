using System.Runtime.CompilerServices;
using Fourteen.Engine.Constraints.Automaton;

namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// A set of texts over bytes, rules and tokens: a regular expression with intersection, complement, counted repetition
/// and calls of rules. Its states are its derivatives (Brzozowski, "Derivatives of Regular Expressions", 1964), made
/// when they are first needed, so that a bound of a million costs as much as one of three. Equal expressions of one
/// <see cref="ExpressionTable"/> are one object. Immutable but for the state, which the table's lock protects.
/// </summary>
internal abstract class Expression
{
    /// <summary>Numbers from the table; later ones are larger.</summary>
    public int Id { get; set; }

    /// <summary>Whether the empty text belongs to it. A call counts as not empty: the automaton opens rules.</summary>
    public abstract bool IsNullable { get; }

    /// <summary>Whether it has neither calls nor tokens.</summary>
    public virtual bool IsRegular => true;

    /// <summary>Whether an intersection or complement may hide that it has no member at all.</summary>
    public virtual bool MayBeEmpty => false;

    /// <summary>Whether an intersection or complement has a member, once somebody has looked.</summary>
    public bool? HasMember { get; set; }

    /// <summary>Whether it accepts each safe character alone (<see cref="SafeCharacters"/>), once somebody has looked.
    /// </summary>
    public bool? CoversSafe { get; set; }

    /// <summary>Whether it has finitely many members, all of them without complements.</summary>
    public virtual bool IsFinite => false;

    /// <summary>The automaton's state of this expression, once it was made.</summary>
    public GrammarState? State { get; set; }

    /// <summary>What may follow after a first byte.</summary>
    public abstract Expression Derive(ExpressionTable table, byte first);

    /// <summary>Adds the sets of bytes between which <see cref="Derive"/> distinguishes.</summary>
    public virtual void AddFirst(ByteClasses.Builder classes)
    {
    }

    /// <summary>Adds what may begin with a rule or token, each with what follows it.</summary>
    /// <param name="after">What follows this expression.</param>
    public virtual void AddOpenings(ExpressionTable table, Expression after, OpeningList openings)
    {
    }

    /// <summary>The rules that are called anywhere in it.</summary>
    public virtual void AddParts(List<Expression> parts)
    {
    }

    /// <summary>The same with parts replaced.</summary>
    public virtual Expression Rebuild(ExpressionTable table, Func<Expression, Expression> replace) => this;

    public abstract bool EqualsShallow(Expression other);

    public abstract int HashShallow();
}

/// <summary>No text at all.</summary>
internal sealed class NothingExpression : Expression
{
    public override bool IsNullable => false;
    public override bool IsFinite => true;

    public override Expression Derive(ExpressionTable table, byte first) => this;

    public override bool EqualsShallow(Expression other) => other is NothingExpression;

    public override int HashShallow() => 1;
}

/// <summary>The empty text.</summary>
internal sealed class EmptyExpression : Expression
{
    public override bool IsNullable => true;
    public override bool IsFinite => true;

    public override Expression Derive(ExpressionTable table, byte first) => table.Nothing;

    public override bool EqualsShallow(Expression other) => other is EmptyExpression;

    public override int HashShallow() => 2;
}

/// <summary>One byte of a set.</summary>
internal sealed class BytesExpression(ByteSet set) : Expression
{
    public ByteSet Set { get; } = set;
    public override bool IsNullable => false;
    public override bool IsFinite => true;

    public override Expression Derive(ExpressionTable table, byte first) =>
        Set.Contains(first) ? table.Empty : table.Nothing;

    public override void AddFirst(ByteClasses.Builder classes) => classes.Add(Set);

    public override bool EqualsShallow(Expression other) => other is BytesExpression bytes && bytes.Set == Set;

    public override int HashShallow() => Set.GetHashCode();
}

/// <summary>What a rule accepts.</summary>
internal sealed class CallExpression(Rule rule) : Expression
{
    public Rule Rule { get; } = rule;
    public override bool IsNullable => false;
    public override bool IsRegular => false;

    public override Expression Derive(ExpressionTable table, byte first) => table.Nothing;

    public override void AddOpenings(ExpressionTable table, Expression after, OpeningList openings) =>
        openings.AddCall(table, Rule, after);

    public override bool EqualsShallow(Expression other) => other is CallExpression call && call.Rule == Rule;

    public override int HashShallow() => RuntimeHelpers.GetHashCode(Rule);
}

/// <summary>One token by its id, whatever its bytes.</summary>
internal sealed class TokenExpression(int token) : Expression
{
    public int Token { get; } = token;
    public override bool IsNullable => false;
    public override bool IsRegular => false;

    public override Expression Derive(ExpressionTable table, byte first) => table.Nothing;

    public override void AddOpenings(ExpressionTable table, Expression after, OpeningList openings) =>
        openings.AddToken(table, Token, after);

    public override bool EqualsShallow(Expression other) => other is TokenExpression token && token.Token == Token;

    public override int HashShallow() => HashCode.Combine(3, Token);
}
