using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// The texts of objects: declared properties in the order of the schema, each once, then others. The order is what
/// makes it cheap that none is missing and none stands twice.
/// </summary>
internal sealed class ObjectText(
    JsonText text, JsonRules json, SchemaShapes shapes, Func<Conjunction, Expression> value,
    Func<string, Expression, Rule> makeRule)
{
    // Places times counts, where the count of properties is bounded.
    private const int PositionsMax = 20_000;

    private readonly ObjectCases _cases = new(shapes);

    public StringTexts Strings => shapes.Strings;

    private ExpressionTable Table => shapes.Strings.Table;

    private JsonText Text => text;

    /// <param name="objects">What is allowed.</param>
    /// <param name="problem">Why a bound cannot be enforced; null where all can.</param>
    public Expression Compile(ObjectCase objects, out string? problem)
    {
        problem = null;
        List<Expression> members = [];
        List<bool> isRequired = [];
        foreach (string name in ObjectCases.Declared(objects))
        {
            Conjunction schema = _cases.Property(objects, name);
            bool required = objects.Required.Contains(name);
            if (!required && shapes.IsEmpty(schema))
                continue;
            members.Add(Table.Concat(
                Table.Literal([.. JsonText.Quoted(name), (byte)':']), text.AfterColon, value(schema)));
            isRequired.Add(required);
        }

        Expression other = Other(objects);
        int requiredCount = isRequired.Count(required => required);
        // A name that the schema does not declare may stand twice, and a reader counts it once.
        if (other is not NothingExpression && objects.Min > requiredCount + 1)
            problem = "more properties than the required ones and one cannot be counted where names are free";
        Expression inside = new Positions(this, objects, members, isRequired, other).Compile();
        return Table.Concat(Table.Byte('{'), text.Gap, inside);
    }

    private Expression Other(ObjectCase objects)
    {
        List<Expression> ways = [];
        foreach ((Expression? names, Conjunction schema) in _cases.Others(objects))
        {
            // A rule of its own keeps what is found out about the name apart from the place.
            Rule rule = names is null
                ? json.String
                : makeRule("a name", Table.Concat(text.Quote, names, text.Quote));
            ways.Add(Table.Concat(Table.Call(rule), Table.Byte(':'), text.AfterColon, value(schema)));
        }

        return Table.Or(ways);
    }

    /// <summary>What may follow at each declared property, after so many that were written.</summary>
    private sealed class Positions(
        ObjectText owner, ObjectCase objects, List<Expression> members, List<bool> isRequired, Expression other)
    {
        private readonly ExpressionTable _table = owner.Table;
        private readonly JsonText _text = owner.Text;

        // Counts beyond make no difference any more.
        private readonly int _countMax = objects.Max != RepeatExpression.Unbounded
            ? objects.Max
            : Math.Max(1, objects.Min > isRequired.Count(required => required) ? objects.Min : 1);

        public Expression Compile()
        {
            int counts = Math.Min(_countMax, members.Count + 1) + 1;
            if ((long)counts * members.Count > PositionsMax)
                throw ConstraintException.TooLarge("places times counts of properties", PositionsMax);
            var after = new Expression[counts];
            for (int count = 0; count < counts; count++)
                after[count] = End(count);
            for (int i = members.Count - 1; i >= 0; i--)
            {
                var here = new Expression[counts];
                for (int count = 0; count < counts; count++)
                    here[count] = At(i, count, after);
                after = here;
            }

            return after[0];
        }

        private Expression At(int index, int count, Expression[] after)
        {
            Expression written = _table.Nothing;
            if (count < objects.Max)
            {
                Expression next = after[Math.Min(count + 1, after.Length - 1)];
                Expression member = _table.Concat(members[index], next);
                written = count == 0 ? member : _table.Concat(_table.Byte(','), _text.Gap, member);
            }

            return isRequired[index] ? written : _table.Or([written, after[count]]);
        }

        private Expression End(int count)
        {
            Expression close = _table.Byte('}');
            Expression gapClose = _table.Concat(_text.Gap, close);
            int least = Math.Max(0, objects.Min - count);
            int most = objects.Max == RepeatExpression.Unbounded ? RepeatExpression.Unbounded : objects.Max - count;
            if (most < 0)
                return _table.Nothing;
            Expression next = _table.Concat(_table.Byte(','), _text.Gap, other);
            if (count > 0)
                return _table.Concat(_table.Repeat(next, least, most), gapClose);
            Expression first = most == 0
                ? _table.Nothing
                : _table.Concat(
                    other,
                    _table.Repeat(next, Math.Max(0, least - 1), most == RepeatExpression.Unbounded ? most : most - 1),
                    gapClose);
            return least == 0 ? _table.Or([close, first]) : first;
        }
    }
}
