using Fourteen.Engine.Constraints.Automaton;

namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// Makes expressions, simplified so that equal texts mostly give equal objects and states stay few: unions and
/// intersections are sets, concatenations lean to the right. Not safe for several threads; its owner locks.
/// </summary>
internal sealed class ExpressionTable
{
    private readonly Dictionary<Expression, Expression> _known = new(ShallowComparer.Instance);
    private int _lastId;
    private int _stepLimit = int.MaxValue;
    private int _searchSteps;

    public ExpressionTable()
    {
        Nothing = Intern(new NothingExpression());
        Empty = Intern(new EmptyExpression());
        Everything = Intern(new NotExpression(Nothing));
    }

    /// <summary>No text.</summary>
    public Expression Nothing { get; }

    /// <summary>The empty text.</summary>
    public Expression Empty { get; }

    /// <summary>All bytes.</summary>
    public Expression Everything { get; }

    /// <summary>How many expressions are kept.</summary>
    public int Count => _known.Count;

    /// <summary>From here on, so many more expressions may be made before an exception ends the step.</summary>
    public void LimitStep(int expressions)
    {
        _stepLimit = expressions > int.MaxValue - _lastId ? int.MaxValue : _lastId + expressions;
        _searchSteps = 0;
    }

    /// <summary>Counts a derivative that an <see cref="EmptinessSearch"/> asks for.</summary>
    public void CountSearchStep()
    {
        if (++_searchSteps > ConstraintLimits.SearchStepsMax)
            throw ConstraintException.TooLarge("steps to intersect patterns", ConstraintLimits.SearchStepsMax);
    }

    /// <summary>Forgets what is known. Expressions that are in use stay valid, but equal new ones are new objects.
    /// </summary>
    public void Forget()
    {
        _known.Clear();
        foreach (Expression constant in (Expression[])[Nothing, Empty, Everything])
            _known.Add(constant, constant);
    }

    /// <summary>The known expression that equals this one, or this one, now known.</summary>
    public Expression Intern(Expression made)
    {
        if (_known.TryGetValue(made, out Expression? known))
            return known;
        if (_lastId >= _stepLimit)
            throw ConstraintException.TooLarge("states in one step", ConstraintLimits.ExpressionsPerStepMax);
        made.Id = ++_lastId;
        _known.Add(made, made);
        return made;
    }

    public Expression Bytes(ByteSet set) => set == default ? Nothing : Intern(new BytesExpression(set));

    public Expression Byte(char ascii) => Bytes(ByteSet.Of((byte)ascii));

    public Expression Literal(ReadOnlySpan<byte> bytes)
    {
        Expression made = Empty;
        for (int i = bytes.Length - 1; i >= 0; i--)
            made = Concat(Bytes(ByteSet.Of(bytes[i])), made);
        return made;
    }

    public Expression Call(Rule rule) => Intern(new CallExpression(rule));

    public Expression Token(int id) => Intern(new TokenExpression(id));

    public Expression Text(TextTrigger trigger) => Intern(new TextExpression(trigger, 0, Utf8Progress.Complete));

    public Expression Concat(Expression head, Expression tail)
    {
        if (head == Nothing || tail == Nothing)
            return Nothing;
        if (head == Empty)
            return tail;
        if (tail == Empty)
            return head;
        if (head is not ConcatExpression)
            return Intern(new ConcatExpression(head, tail));
        List<Expression> heads = [];
        while (head is ConcatExpression pair)
        {
            heads.Add(pair.Head);
            head = pair.Tail;
        }

        Expression made = Intern(new ConcatExpression(head, tail));
        for (int i = heads.Count - 1; i >= 0; i--)
            made = Intern(new ConcatExpression(heads[i], made));
        return made;
    }

    public Expression Concat(params ReadOnlySpan<Expression> parts)
    {
        Expression made = Empty;
        for (int i = parts.Length - 1; i >= 0; i--)
            made = Concat(parts[i], made);
        return made;
    }

    public Expression Optional(Expression part) => Or([Empty, part]);

    public Expression Repeat(Expression part, int min, int max)
    {
        if (max == 0 || part == Empty)
            return Empty;
        if (part == Nothing)
            return min == 0 ? Empty : Nothing;
        if (min == 1 && max == 1)
            return part;
        if (part.IsNullable)
            min = 0;
        bool isStar = min == 0 && max == RepeatExpression.Unbounded;
        if (isStar && part is RepeatExpression { Min: 0, Max: RepeatExpression.Unbounded })
            return part;
        return Intern(new RepeatExpression(part, min, max));
    }

    public Expression Star(Expression part) => Repeat(part, 0, RepeatExpression.Unbounded);

    public Expression Or(List<Expression> members)
    {
        var kept = new List<Expression>(members.Count);
        var bytes = default(ByteSet);
        foreach (Expression member in members)
        {
            if (member is OrExpression union)
            {
                foreach (Expression inner in union.Members)
                    Keep(inner);
            }
            else
            {
                Keep(member);
            }
        }

        if (bytes != default)
            kept.Add(Bytes(bytes));
        return Finish(kept, Nothing, sorted => new OrExpression(sorted));

        void Keep(Expression member)
        {
            if (member is BytesExpression set)
                bytes |= set.Set;
            else if (member != Nothing)
                kept.Add(member);
        }
    }

    /// <summary>The intersection of regular expressions; <see cref="EmptinessSearch"/> knows whether it has a member.
    /// </summary>
    public Expression And(List<Expression> members)
    {
        var kept = new List<Expression>(members.Count);
        foreach (Expression member in members)
        {
            if (member == Nothing)
                return Nothing;
            if (member is AndExpression inner)
                kept.AddRange(inner.Members);
            else if (member != Everything)
                kept.Add(member);
        }

        if (kept.Contains(Empty))
            return kept.TrueForAll(member => member.IsNullable) ? Empty : Nothing;
        return Finish(kept, Everything, sorted => new AndExpression(sorted));
    }

    /// <summary>The complement of a regular expression, over all bytes.</summary>
    public Expression Not(Expression part) =>
        part is NotExpression not ? not.Part : Intern(new NotExpression(part));

    private Expression Finish(List<Expression> kept, Expression none, Func<Expression[], Expression> make)
    {
        if (kept.Count > 1)
        {
            kept.Sort(static (x, y) => x.Id.CompareTo(y.Id));
            int count = 1;
            for (int i = 1; i < kept.Count; i++)
            {
                if (kept[i] != kept[count - 1])
                    kept[count++] = kept[i];
            }

            kept.RemoveRange(count, kept.Count - count);
        }

        if (kept.Count > ConstraintLimits.AlternativesMax)
            throw ConstraintException.TooLarge("alternatives at one place", ConstraintLimits.AlternativesMax);
        return kept.Count switch
        {
            0 => none,
            1 => kept[0],
            _ => Intern(make([.. kept])),
        };
    }

    private sealed class ShallowComparer : IEqualityComparer<Expression>
    {
        public static ShallowComparer Instance { get; } = new();

        public bool Equals(Expression? x, Expression? y) =>
            ReferenceEquals(x, y) || (x is not null && y is not null && x.EqualsShallow(y));

        public int GetHashCode(Expression obj) => obj.HashShallow();
    }
}
