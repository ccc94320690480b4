namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>Several expressions whose order does not matter: sorted by their numbers, without repetition.</summary>
internal abstract class SetExpression(Expression[] members) : Expression
{
    public Expression[] Members { get; } = members;

    public override void AddFirst(ByteClasses.Builder classes)
    {
        foreach (Expression member in Members)
            member.AddFirst(classes);
    }

    public override void AddParts(List<Expression> parts) => parts.AddRange(Members);

    public override bool EqualsShallow(Expression other) =>
        other.GetType() == GetType() && ((SetExpression)other).Members.AsSpan().SequenceEqual(Members);

    public override int HashShallow()
    {
        var hash = default(HashCode);
        hash.Add(GetType());
        foreach (Expression member in Members)
            hash.Add(member.Id);
        return hash.ToHashCode();
    }

    protected List<Expression> DeriveMembers(ExpressionTable table, byte first)
    {
        var derived = new List<Expression>(Members.Length);
        foreach (Expression member in Members)
        {
            Expression after = member.Derive(table, first);
            if (after != table.Nothing || this is AndExpression)
                derived.Add(after);
        }

        return derived;
    }
}

/// <summary>What any member accepts.</summary>
internal sealed class OrExpression(Expression[] members) : SetExpression(members)
{
    public override bool IsNullable { get; } = Array.Exists(members, member => member.IsNullable);
    public override bool IsRegular { get; } = Array.TrueForAll(members, member => member.IsRegular);
    public override bool MayBeEmpty { get; } = Array.Exists(members, member => member.MayBeEmpty);
    public override bool IsFinite { get; } = Array.TrueForAll(members, member => member.IsFinite);

    public override Expression Derive(ExpressionTable table, byte first) => table.Or(DeriveMembers(table, first));

    public override void AddOpenings(ExpressionTable table, Expression after, OpeningList openings)
    {
        foreach (Expression member in Members)
        {
            if (!member.IsRegular)
                member.AddOpenings(table, after, openings);
        }
    }

    public override Expression Rebuild(ExpressionTable table, Func<Expression, Expression> replace) =>
        table.Or([.. Members.Select(replace)]);
}

/// <summary>What all members accept; they are regular.</summary>
internal sealed class AndExpression(Expression[] members) : SetExpression(members)
{
    public override bool IsNullable { get; } = Array.TrueForAll(members, member => member.IsNullable);
    public override bool MayBeEmpty => true;

    public override Expression Derive(ExpressionTable table, byte first) => table.And(DeriveMembers(table, first));
}

/// <summary>All bytes, also those that are no UTF-8, but for what the part accepts; the part is regular.</summary>
internal sealed class NotExpression(Expression part) : Expression
{
    public Expression Part { get; } = part;
    public override bool IsNullable => !Part.IsNullable;
    public override bool MayBeEmpty => true;

    public override Expression Derive(ExpressionTable table, byte first) => table.Not(Part.Derive(table, first));

    public override void AddFirst(ByteClasses.Builder classes) => Part.AddFirst(classes);

    public override void AddParts(List<Expression> parts) => parts.Add(Part);

    public override bool EqualsShallow(Expression other) => other is NotExpression not && not.Part == Part;

    public override int HashShallow() => HashCode.Combine(6, Part.Id);
}
