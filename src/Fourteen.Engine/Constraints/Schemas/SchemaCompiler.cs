using System.Globalization;
using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;
using Fourteen.Engine.Constraints.Patterns;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// Compiles a schema: each set of schemas that hold together at a place is a rule, made when it is first called, so
/// that recursive schemas are recursive rules. What nothing restricts is a shared rule of <see cref="JsonRules"/>.
/// </summary>
internal sealed class SchemaCompiler
{
    private readonly StateSpace _space;
    private readonly JsonRules _json;
    private readonly List<Rule> _made;
    private readonly List<string> _notes;
    private readonly JsonText _text;
    private readonly Dictionary<Conjunction, Expression> _values = [];
    private readonly Queue<(Conjunction Schema, Rule Rule)> _open = new();
    private readonly List<ConstraintProblem> _problems = [];

    /// <param name="space">Where expressions are made.</param>
    /// <param name="json">The shared rules.</param>
    /// <param name="made">Receives the rules that are made.</param>
    /// <param name="notes">Receives what the caller should know.</param>
    public SchemaCompiler(StateSpace space, JsonRules json, List<Rule> made, List<string> notes)
    {
        _space = space;
        _json = json;
        _made = made;
        _notes = notes;
        _text = new JsonText(space.Table, json.Whitespace);
    }

    private ExpressionTable Table => _space.Table;

    /// <summary>The values that a schema allows.</summary>
    /// <exception cref="ConstraintException">With all problems that were found.</exception>
    public Expression Compile(JsonElement root)
    {
        var document = new SchemaDocument(root);
        var patterns = new PatternCompiler(Table, _text.Encode);
        var reader = new KeywordReader(document, patterns, _problems, _notes);
        var shapes = new SchemaShapes(document, reader, new StringTexts(Table, _text), _problems);
        var objects = new ObjectText(_text, _json, shapes, Value, MakeRule);
        Conjunction whole = Conjunction.Of(document.Root.Index);
        Expression value = Value(whole);
        while (_open.TryDequeue(out (Conjunction Schema, Rule Rule) next))
        {
            Shape shape = shapes.Of(next.Schema);
            next.Rule.Body = Body(shape, objects, Pointer(document, next.Schema));
        }

        if (_problems.Count == 0 && shapes.Of(whole).IsNothing)
            _problems.Add(new ConstraintProblem("", "", "no value satisfies this schema"));
        if (_problems.Count > 0)
            throw new ConstraintException([.. _problems.Distinct()]);
        return value;
    }

    private static string Pointer(SchemaDocument document, Conjunction schema) =>
        schema.Members.Count == 0 ? "" : document.Node(Math.Abs(schema.Members[^1])).Pointer;

    private Expression Value(Conjunction schema)
    {
        if (_values.TryGetValue(schema, out Expression? known))
            return known;
        if (schema.Members.Count == 0)
            return Table.Call(_json.Value);
        if (_values.Count >= ConstraintLimits.RulesMax)
            throw ConstraintException.TooLarge("differing subschemas", ConstraintLimits.RulesMax);
        Rule rule = MakeRule("a value", Table.Nothing);
        _open.Enqueue((schema, rule));
        return _values[schema] = Table.Call(rule);
    }

    private Rule MakeRule(string name, Expression body)
    {
        var rule = new Rule(name, _space) { Body = body };
        _made.Add(rule);
        return rule;
    }

    private Expression Body(Shape shape, ObjectText objects, string pointer)
    {
        if (shape.Free == JsonTypes.All)
            return Table.Call(_json.Value);
        List<Expression> ways = [.. Free(shape.Free)];
        foreach (Case member in shape.Cases)
        {
            ways.Add(member switch
            {
                LiteralCase literal => Literal(literal.Value),
                NumberCase { IsPlain: true } numbers => Table.Call(numbers.IsInteger ? _json.Integer : _json.Number),
                NumberCase numbers => NumberText.Bounded(Table, numbers),
                StringCase strings => Table.Concat(_text.Quote, objects.Strings.Of(strings), _text.Quote),
                ArrayCase arrays => Array(arrays),
                ObjectCase members => Object(objects, members, pointer),
                _ => throw new ArgumentException($"no such case: {member.Type}", nameof(shape)),
            });
        }

        return Table.Or(ways);
    }

    private Expression Object(ObjectText objects, ObjectCase shape, string pointer)
    {
        Expression text = objects.Compile(shape, out string? problem);
        if (problem is not null)
            _problems.Add(new ConstraintProblem(pointer, "minProperties", problem));
        return text;
    }

    private IEnumerable<Expression> Free(JsonTypes free)
    {
        if ((free & JsonTypes.Null) != 0)
            yield return Table.Literal("null"u8);
        if ((free & JsonTypes.Boolean) != 0)
            yield return Table.Or([Table.Literal("true"u8), Table.Literal("false"u8)]);
        if ((free & JsonTypes.Number) != 0)
            yield return Table.Call(_json.Number);
        if ((free & JsonTypes.String) != 0)
            yield return Table.Call(_json.String);
        if ((free & JsonTypes.Array) != 0)
            yield return Table.Call(_json.Array);
        if ((free & JsonTypes.Object) != 0)
            yield return Table.Call(_json.Object);
    }

    private Expression Literal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Table.Literal(JsonText.Quoted(value.GetString()!)), // A JSON string is not null.
        JsonValueKind.Array => _text.Bracket('[', ']', [.. value.EnumerateArray().Select(Literal)]),
        JsonValueKind.Object => _text.Bracket('{', '}', [.. value.EnumerateObject().Select(Member)]),
        JsonValueKind.Number => Number(value),
        _ => Table.Literal(Encoding.UTF8.GetBytes(value.GetRawText())),
    };

    private Expression Member(JsonProperty property) => Table.Concat(
        Table.Literal(JsonText.Quoted(property.Name)), Table.Byte(':'), _text.AfterColon, Literal(property.Value));

    /// <summary>As the schema writes it, and where it is whole, without point or exponent.</summary>
    private Expression Number(JsonElement value)
    {
        Expression raw = Table.Literal(Encoding.UTF8.GetBytes(value.GetRawText()));
        if (ExactDecimal.From(value) is not { IsInteger: true } whole)
            return raw;
        string digits = whole.Digits.ToString(CultureInfo.InvariantCulture);
        return Table.Or([raw, Table.Literal(Encoding.UTF8.GetBytes(digits))]);
    }

    private Expression Array(ArrayCase arrays)
    {
        Expression close = Table.Concat(_text.Gap, Table.Byte(']'));
        Expression comma = Table.Concat(Table.Byte(','), _text.Gap);
        int prefix = Math.Min(arrays.PrefixLength, arrays.Max);
        bool isEndless = arrays.Max == RepeatExpression.Unbounded;
        // What follows after so many items, from the end: first the items that are all alike.
        int written = Math.Max(prefix, 1);
        Expression rest = Value(arrays.Item(prefix));
        Expression more = arrays.Max < written
            ? Table.Empty
            : Table.Repeat(
                Table.Concat(comma, rest), Math.Max(0, arrays.Min - written),
                isEndless ? RepeatExpression.Unbounded : arrays.Max - written);
        Expression after = Table.Concat(more, close);
        for (int i = prefix - 1; i >= 1; i--)
        {
            Expression next = Table.Concat(comma, Value(arrays.Item(i)), after);
            after = i >= arrays.Min ? Table.Or([close, next]) : next;
        }

        Expression first = arrays.Max == 0 ? Table.Nothing : Table.Concat(Value(arrays.Item(0)), after);
        Expression inside = arrays.Min == 0 ? Table.Or([Table.Byte(']'), first]) : first;
        return Table.Concat(Table.Byte('['), _text.Gap, inside);
    }
}
