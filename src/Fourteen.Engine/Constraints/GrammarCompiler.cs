using System.Text;
using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;
using Fourteen.Engine.Constraints.Patterns;
using Fourteen.Engine.Constraints.Schemas;

namespace Fourteen.Engine.Constraints;

/// <summary>Compiles one constraint: nodes to expressions, rules to rules, then what holds for the grammar as a whole.
/// </summary>
internal sealed class GrammarCompiler(JsonRules json, Func<string, bool, Rule?> sharedText, int tokenCount)
{
    private readonly StateSpace _space = new();
    private readonly List<string> _notes = [];
    private readonly List<Rule> _made = [];
    private readonly Dictionary<string, Rule> _rules = new(StringComparer.Ordinal);
    private int _depth;

    public IReadOnlyList<string> Notes => _notes;

    private ExpressionTable Table => _space.Table;

    /// <exception cref="ConstraintException">A part cannot be compiled.</exception>
    public Rule Compile(GrammarNode root, IReadOnlyDictionary<string, GrammarNode> rules)
    {
        if (rules.Count > ConstraintLimits.RulesMax)
            throw ConstraintException.TooLarge("rules", ConstraintLimits.RulesMax);
        Table.LimitStep(ConstraintLimits.CompiledExpressionsMax);
        Rule top = Make("the whole");
        foreach (string name in rules.Keys)
            _rules.Add(name, Make(name));
        foreach ((string name, GrammarNode node) in rules)
            _rules[name].Body = CompileNode(node);
        top.Body = CompileNode(root);
        GrammarCheck.Require(_made, top);
        return top;
    }

    private Rule Make(string name)
    {
        var rule = new Rule(name, _space);
        _made.Add(rule);
        return rule;
    }

    private Expression CompileNode(GrammarNode node)
    {
        if (++_depth > ConstraintLimits.NestingMax * 4)
            throw ConstraintException.TooLarge("parts in parts", ConstraintLimits.NestingMax * 4);
        Expression made = node switch
        {
            GrammarNode.Literal literal => Table.Literal(literal.Bytes),
            GrammarNode.TokenLiteral token => Token(token.Id),
            GrammarNode.All all => Table.Concat([.. all.Parts.Select(CompileNode)]),
            GrammarNode.Any any => Any(any.Members),
            GrammarNode.Repetition repetition => Repeat(repetition),
            GrammarNode.CharacterSet set => Utf8.Encode(Table, SetOf(set)),
            GrammarNode.Pattern pattern => Pattern(pattern.Source),
            GrammarNode.JsonValue value => new SchemaCompiler(_space, json, _made, _notes).Compile(value.Schema),
            GrammarNode.AnyObject => Table.Call(json.Object),
            GrammarNode.Free text => Text(text),
            GrammarNode.RuleReference reference => Reference(reference.Name),
            _ => throw new ArgumentException($"no such node: {node}", nameof(node)),
        };
        _depth--;
        return made;
    }

    private Expression Token(int id) => (uint)id < (uint)tokenCount
        ? Table.Token(id)
        : throw new ConstraintException("", $"token {id}", $"the vocabulary has the ids 0 to {tokenCount - 1}");

    /// <summary>Many literals are put together by their first bytes, so that each byte leads to few.</summary>
    private Expression Any(IReadOnlyList<GrammarNode> members)
    {
        List<byte[]> literals = [.. members.OfType<GrammarNode.Literal>().Select(literal => literal.Bytes)];
        Expression[] others = [.. members.Where(member => member is not GrammarNode.Literal).Select(CompileNode)];
        return Table.Or([LiteralSet.Compile(Table, literals), .. others]);
    }

    private Expression Repeat(GrammarNode.Repetition repetition)
    {
        (int min, int max) = (repetition.Min, repetition.Max ?? RepeatExpression.Unbounded);
        if (min < 0 || max < min)
            throw new ConstraintException("", $"{{{min},{max}}}", "a repetition needs 0 ≤ least ≤ most");
        if (min > ConstraintLimits.RepetitionsMax || (repetition.Max ?? 0) > ConstraintLimits.RepetitionsMax)
            throw ConstraintException.TooLarge("repetitions", ConstraintLimits.RepetitionsMax);
        return Table.Repeat(CompileNode(repetition.Part), min, max);
    }

    private Expression Pattern(string source) => new PatternCompiler(Table, set => Utf8.Encode(Table, set))
        .CompileWhole(PatternParser.Parse(source));

    private Expression Text(GrammarNode.Free text)
    {
        if (text.Ends && text.Trigger.Length == 0)
            throw new ConstraintException("", "TextUntil", "the literal that ends the text is empty");
        return sharedText(text.Trigger, text.Ends) is { } rule
            ? Table.Call(rule)
            : Table.Text(new TextTrigger(Encoding.UTF8.GetBytes(text.Trigger), text.Ends));
    }

    private Expression Reference(string name) => _rules.TryGetValue(name, out Rule? rule)
        ? Table.Call(rule)
        : throw new ConstraintException("", name, "no rule has this name");

    private static CodePointSet SetOf(GrammarNode.CharacterSet set)
    {
        foreach ((int low, int high) in set.Ranges)
        {
            if (low < 0 || high > CodePointSet.Last || low > high)
                throw new ConstraintException("", "characters", "a range needs two code points in order");
        }

        CodePointSet characters = CodePointSet.From([.. set.Ranges]);
        return set.IsNegated ? characters.Complement() : characters;
    }
}
