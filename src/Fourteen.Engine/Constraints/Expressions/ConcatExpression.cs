namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>A first part and what follows; the first part is no concatenation itself.</summary>
internal sealed class ConcatExpression(Expression head, Expression tail) : Expression
{
    public Expression Head { get; } = head;
    public Expression Tail { get; } = tail;
    public override bool IsNullable { get; } = head.IsNullable && tail.IsNullable;
    public override bool IsRegular { get; } = head.IsRegular && tail.IsRegular;
    public override bool MayBeEmpty { get; } = head.MayBeEmpty || tail.MayBeEmpty;
    public override bool IsFinite { get; } = head.IsFinite && tail.IsFinite;

    // A chain of parts that may all be empty is as long as its source: a loop, and not recursion.
    public override Expression Derive(ExpressionTable table, byte first)
    {
        if (!Head.IsNullable)
            return table.Concat(Head.Derive(table, first), Tail);
        List<Expression> members = [];
        Expression rest = this;
        while (rest is ConcatExpression pair)
        {
            members.Add(table.Concat(pair.Head.Derive(table, first), pair.Tail));
            rest = pair.Tail;
            if (!pair.Head.IsNullable)
                return table.Or(members);
        }

        members.Add(rest.Derive(table, first));
        return table.Or(members);
    }

    public override void AddFirst(ByteClasses.Builder classes)
    {
        Expression rest = this;
        while (rest is ConcatExpression pair)
        {
            pair.Head.AddFirst(classes);
            if (!pair.Head.IsNullable)
                return;
            rest = pair.Tail;
        }

        rest.AddFirst(classes);
    }

    public override void AddOpenings(ExpressionTable table, Expression after, OpeningList openings)
    {
        Expression rest = this;
        while (rest is ConcatExpression pair)
        {
            if (!pair.Head.IsRegular)
                pair.Head.AddOpenings(table, table.Concat(pair.Tail, after), openings);
            if (!pair.Head.IsNullable)
                return;
            rest = pair.Tail;
        }

        rest.AddOpenings(table, after, openings);
    }

    public override void AddParts(List<Expression> parts)
    {
        parts.Add(Head);
        parts.Add(Tail);
    }

    public override Expression Rebuild(ExpressionTable table, Func<Expression, Expression> replace) =>
        table.Concat(replace(Head), replace(Tail));

    public override bool EqualsShallow(Expression other) =>
        other is ConcatExpression pair && pair.Head == Head && pair.Tail == Tail;

    public override int HashShallow() => HashCode.Combine(4, Head.Id, Tail.Id);
}
