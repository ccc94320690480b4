using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// What must hold for the rules of a grammar together: each can end, and none comes back to itself before a byte or
/// token was read (left recursion, on which the automaton would open rules for ever). Rules of other spaces are
/// finished and keep both.
/// </summary>
internal sealed class GrammarCheck
{
    private readonly Dictionary<Rule, List<Expression>> _parts = [];
    private readonly HashSet<Rule> _productive = [];
    private readonly HashSet<Rule> _nullable = [];
    private readonly StateSpace _space;

    private GrammarCheck(List<Rule> rules)
    {
        _space = rules[0].Space;
        foreach (Rule rule in rules)
            _parts[rule] = InOrder(rule.Body);
    }

    /// <exception cref="ConstraintException">A rule that the grammar reaches breaks one of the conditions.</exception>
    public static void Require(List<Rule> rules, Rule top)
    {
        var check = new GrammarCheck(rules);
        check.Spread(check._productive, check.CanEnd);
        if (!check._productive.Contains(top))
        {
            throw new ConstraintException(
                "", "", "no text satisfies this: each way through it goes on for ever or fails");
        }

        check.DropUnproductive();
        check.Spread(check._nullable, check.CanBeEmpty);
        check.RefuseLeftRecursion();
    }

    /// <summary>Parts before what they are parts of, without recursion: chains are long.</summary>
    private static List<Expression> InOrder(Expression body)
    {
        var found = new HashSet<Expression> { body };
        var order = new List<Expression> { body };
        var parts = new List<Expression>();
        for (int i = 0; i < order.Count; i++)
        {
            parts.Clear();
            order[i].AddParts(parts);
            foreach (Expression part in parts)
            {
                if (found.Add(part))
                    order.Add(part);
            }
        }

        // A part is always made before its whole.
        order.Sort(static (x, y) => x.Id.CompareTo(y.Id));
        return order;
    }

    private void Spread(HashSet<Rule> rules, Func<Expression, HashSet<Expression>, bool> holds)
    {
        var callers = new Dictionary<Rule, List<Rule>>();
        foreach ((Rule rule, List<Expression> order) in _parts)
        {
            foreach (CallExpression call in order.OfType<CallExpression>())
            {
                if (!callers.TryGetValue(call.Rule, out List<Rule>? list))
                    callers.Add(call.Rule, list = []);
                list.Add(rule);
            }
        }

        var work = new Queue<Rule>(_parts.Keys);
        while (work.TryDequeue(out Rule? rule))
        {
            if (rules.Contains(rule) || !Evaluate(_parts[rule], holds).Contains(rule.Body))
                continue;
            rules.Add(rule);
            foreach (Rule caller in callers.GetValueOrDefault(rule, []))
                work.Enqueue(caller);
        }
    }

    private static HashSet<Expression> Evaluate(
        List<Expression> order, Func<Expression, HashSet<Expression>, bool> holds)
    {
        var holding = new HashSet<Expression>();
        foreach (Expression expression in order)
        {
            if (holds(expression, holding))
                holding.Add(expression);
        }

        return holding;
    }

    private bool CanEnd(Expression expression, HashSet<Expression> holding) => expression switch
    {
        NothingExpression => false,
        CallExpression call => call.Rule.Space != _space || _productive.Contains(call.Rule),
        ConcatExpression pair => holding.Contains(pair.Head) && holding.Contains(pair.Tail),
        OrExpression union => Array.Exists(union.Members, holding.Contains),
        RepeatExpression repeat => repeat.Min == 0 || holding.Contains(repeat.Part),
        _ => true, // Intersections and complements were searched when they were made.
    };

    private bool CanBeEmpty(Expression expression, HashSet<Expression> holding) => expression switch
    {
        CallExpression call => call.Rule.Space != _space ? call.Rule.Body.IsNullable : _nullable.Contains(call.Rule),
        ConcatExpression pair => holding.Contains(pair.Head) && holding.Contains(pair.Tail),
        OrExpression union => Array.Exists(union.Members, holding.Contains),
        RepeatExpression repeat => repeat.Min == 0 || holding.Contains(repeat.Part),
        _ => expression.IsNullable,
    };

    /// <summary>Calls of rules that never end become nothing, so that no token leads there.</summary>
    private void DropUnproductive()
    {
        if (_productive.Count == _parts.Count)
            return;
        foreach (Rule rule in _parts.Keys.ToArray())
        {
            var rebuilt = new Dictionary<Expression, Expression>();
            foreach (Expression expression in _parts[rule])
            {
                bool isDead = expression is CallExpression call && call.Rule.Space == _space
                    && !_productive.Contains(call.Rule);
                rebuilt[expression] = isDead
                    ? _space.Table.Nothing
                    : expression.IsRegular ? expression : expression.Rebuild(_space.Table, part => rebuilt[part]);
            }

            rule.Body = rebuilt[rule.Body];
            _parts[rule] = InOrder(rule.Body);
        }
    }

    private void RefuseLeftRecursion()
    {
        var done = new HashSet<Rule>();
        foreach (Rule rule in _parts.Keys)
            Visit(rule, done);
    }

    /// <summary>A depth-first walk with its own stack over the rules that a rule may begin with.</summary>
    private void Visit(Rule start, HashSet<Rule> done)
    {
        var open = new HashSet<Rule>();
        var work = new Stack<(Rule Rule, bool IsLeaving)>([(start, false)]);
        while (work.TryPop(out (Rule Rule, bool IsLeaving) next))
        {
            if (next.IsLeaving)
            {
                open.Remove(next.Rule);
                done.Add(next.Rule);
                continue;
            }

            if (done.Contains(next.Rule) || !open.Add(next.Rule))
                continue;
            work.Push((next.Rule, true));
            foreach (Rule begin in Beginnings(next.Rule))
            {
                if (open.Contains(begin))
                {
                    throw new ConstraintException(
                        "", begin.Name, "this rule begins with itself (left recursion); write it as a repetition");
                }

                work.Push((begin, false));
            }
        }
    }

    private IEnumerable<Rule> Beginnings(Rule rule)
    {
        HashSet<Expression> nullable = Evaluate(_parts[rule], CanBeEmpty);
        var found = new HashSet<Rule>();
        var seen = new HashSet<Expression> { rule.Body };
        var work = new Stack<Expression>([rule.Body]);
        while (work.TryPop(out Expression? next))
        {
            switch (next)
            {
                case CallExpression call when call.Rule.Space == _space:
                    found.Add(call.Rule);
                    break;
                case ConcatExpression pair:
                    Push(pair.Head);
                    if (nullable.Contains(pair.Head))
                        Push(pair.Tail);
                    break;
                case OrExpression union:
                    Array.ForEach(union.Members, Push);
                    break;
                case RepeatExpression repeat:
                    Push(repeat.Part);
                    break;
            }
        }

        return found;

        void Push(Expression part)
        {
            if (seen.Add(part))
                work.Push(part);
        }
    }
}
