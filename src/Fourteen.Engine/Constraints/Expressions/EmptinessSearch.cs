namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// Finds out whether intersections and complements have a member, by a breadth-first search of their derivatives. What
/// is found holds for every expression on the way, so that each is searched once.
/// </summary>
internal static class EmptinessSearch
{
    /// <summary>The expression without what has no member, where that stands at its beginning.</summary>
    /// <exception cref="ConstraintException">The search exceeds its limit.</exception>
    public static Expression Prune(ExpressionTable table, Expression expression)
    {
        if (!expression.MayBeEmpty)
            return expression;
        switch (expression)
        {
            case ConcatExpression pair:
                Expression head = Prune(table, pair.Head);
                return head == pair.Head ? expression : table.Concat(head, pair.Tail);
            case OrExpression union:
                return table.Or([.. union.Members.Select(member => Prune(table, member))]);
            case AndExpression or NotExpression or MultipleExpression:
                return HasMember(table, expression) ? expression : table.Nothing;
            default:
                return expression; // The part of a repetition was searched when it was put there.
        }
    }

    /// <summary>Whether a regular expression has a member.</summary>
    /// <exception cref="ConstraintException">The search exceeds its limit.</exception>
    public static bool HasMember(ExpressionTable table, Expression expression)
    {
        if (Known(table, expression) is { } known)
            return known;
        var cameFrom = new Dictionary<Expression, Expression?> { [expression] = null };
        var queue = new Queue<Expression>([expression]);
        while (queue.TryDequeue(out Expression? next))
        {
            var classes = new ByteClasses.Builder();
            next.AddFirst(classes);
            foreach (byte first in classes.Build().Representatives())
            {
                table.CountSearchStep();
                Expression after = next.Derive(table, first);
                bool? hasMember = Known(table, after);
                if (hasMember == true)
                {
                    for (Expression? at = next; at is not null; at = cameFrom[at])
                        at.HasMember = true;
                    return true;
                }

                if (hasMember is null && cameFrom.TryAdd(after, next))
                    queue.Enqueue(after);
            }
        }

        foreach (Expression searched in cameFrom.Keys)
            searched.HasMember = false;
        return false;
    }

    private static bool? Known(ExpressionTable table, Expression expression)
    {
        if (expression == table.Nothing)
            return false;
        if (expression.IsNullable || !expression.MayBeEmpty)
            return true;
        return expression.HasMember ?? (expression is AndExpression both && IsAllButFew(both) ? true : null);
    }

    /// <summary>Endlessly many texts without finitely many: what names beside the declared ones are.</summary>
    private static bool IsAllButFew(AndExpression both)
    {
        int others = 0;
        foreach (Expression member in both.Members)
        {
            if (member is NotExpression { Part.IsFinite: true })
                continue;
            if (member.IsFinite || member.MayBeEmpty || ++others > 1)
                return false;
        }

        return others == 1;
    }
}
