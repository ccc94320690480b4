using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// The rules of JSON that nothing restricts, made once for all constraints of a model, with all that is found out about
/// them: most of a constrained answer stands within these.
/// </summary>
internal sealed class JsonRules
{
    public JsonRules(StateSpace space, JsonWhitespace whitespace)
    {
        Whitespace = whitespace;
        ExpressionTable table = space.Table;
        var text = new JsonText(table, whitespace);
        Expression quote = text.Quote;
        String = Add("string", table.Concat(quote, table.Star(text.Character), quote));
        Integer = Add("integer", NumberText.Integer(table));
        Number = Add("number", NumberText.Number(table));
        Value = new Rule("value", space);
        Expression value = table.Call(Value);
        Expression member = table.Concat(table.Call(String), table.Byte(':'), text.AfterColon, value);
        Array = Add("array", List('[', value, ']'));
        Object = Add("object", List('{', member, '}'));
        Value.Body = table.Or(
        [
            table.Call(String), table.Call(Number), table.Call(Array), table.Call(Object),
            table.Literal("true"u8), table.Literal("false"u8), table.Literal("null"u8),
        ]);

        Rule Add(string name, Expression body) => new(name, space) { Body = body };

        Expression List(char open, Expression item, char close)
        {
            Expression more = table.Star(table.Concat(table.Byte(','), text.Gap, item));
            Expression filled = table.Concat(item, more, text.Gap, table.Byte(close));
            return table.Concat(table.Byte(open), text.Gap, table.Or([table.Byte(close), filled]));
        }
    }

    public JsonWhitespace Whitespace { get; }

    public Rule Value { get; }

    public Rule String { get; }

    public Rule Integer { get; }

    public Rule Number { get; }

    public Rule Array { get; }

    public Rule Object { get; }
}
