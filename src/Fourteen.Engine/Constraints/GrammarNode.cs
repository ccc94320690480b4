using System.Text;
using System.Text.Json;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// A part of what an answer may be, put together by the caller and compiled by
/// <see cref="ConstraintCompiler.Compile(GrammarNode, IReadOnlyDictionary{string, GrammarNode}?)"/>. Immutable; a node
/// may be used in many places. For example, one call of either of two tools, as Qwen3 writes it, after free text:
/// <code>
/// GrammarNode Call(string name, JsonElement schema) => GrammarNode.Sequence(
///     GrammarNode.Text($"\n{{\"name\": \"{name}\", \"arguments\": "), GrammarNode.Json(schema),
///     GrammarNode.Text("}\n&lt;/tool_call>"));
/// GrammarNode calls = GrammarNode.Choice(Call("read", readSchema), Call("write", writeSchema));
/// GrammarNode answer = GrammarNode.Sequence(
///     GrammarNode.Repeat(GrammarNode.Sequence(GrammarNode.TextUntil("&lt;tool_call>"), calls), 0, null),
///     GrammarNode.TextWithout("&lt;tool_call>"));
/// </code>
/// Names and literals stand in the answer as they are given: who writes a name into JSON escapes it first.
/// </summary>
public abstract record GrammarNode
{
    private GrammarNode()
    {
    }

    /// <summary>This text.</summary>
    public static GrammarNode Text(string text) => new Literal(Encoding.UTF8.GetBytes(text));

    /// <summary>One token by its id, such as a control token that no text reaches. Its bytes do not matter.</summary>
    public static GrammarNode Token(int id) => new TokenLiteral(id);

    /// <summary>One part after the other.</summary>
    public static GrammarNode Sequence(params IReadOnlyList<GrammarNode> parts) => new All(parts);

    /// <summary>Any one of these. Where several begin alike, all are followed until the text decides.</summary>
    public static GrammarNode Choice(params IReadOnlyList<GrammarNode> members) => new Any(members);

    /// <summary>A part several times.</summary>
    /// <param name="part">The part.</param>
    /// <param name="min">The least count.</param>
    /// <param name="max">The largest; null for no limit.</param>
    public static GrammarNode Repeat(GrammarNode part, int min, int? max) => new Repetition(part, min, max);

    /// <summary>A part or nothing.</summary>
    public static GrammarNode Optional(GrammarNode part) => new Repetition(part, 0, 1);

    /// <summary>One character of these ranges of code points, both ends included; surrogates never match.</summary>
    /// <param name="isNegated">Whether it is one character outside them.</param>
    /// <param name="ranges">The ranges.</param>
    public static GrammarNode Characters(bool isNegated, params IReadOnlyList<(int Low, int High)> ranges) =>
        new CharacterSet(isNegated, ranges);

    /// <summary>What a regular expression matches as a whole (ECMAScript's syntax without lookaround).</summary>
    public static GrammarNode Regex(string pattern) => new Pattern(pattern);

    /// <summary>A JSON value that a schema allows. The element must live until compiling has ended.</summary>
    public static GrammarNode Json(JsonElement schema) => new JsonValue(schema);

    /// <summary>Any JSON object.</summary>
    public static GrammarNode JsonObject() => new AnyObject();

    /// <summary>Any text, also none.</summary>
    public static GrammarNode FreeText() => new Free("", Ends: false);

    /// <summary>Any text that ends with the trigger where that first occurs.</summary>
    public static GrammarNode TextUntil(string trigger) => new Free(trigger, Ends: true);

    /// <summary>Any text in which the trigger does not occur, also none.</summary>
    public static GrammarNode TextWithout(string trigger) => new Free(trigger, Ends: false);

    /// <summary>What the rule of this name is; rules are given when compiling, and may refer to themselves.</summary>
    public static GrammarNode Rule(string name) => new RuleReference(name);

    internal sealed record Literal(byte[] Bytes) : GrammarNode;

    internal sealed record TokenLiteral(int Id) : GrammarNode;

    internal sealed record All(IReadOnlyList<GrammarNode> Parts) : GrammarNode;

    internal sealed record Any(IReadOnlyList<GrammarNode> Members) : GrammarNode;

    internal sealed record Repetition(GrammarNode Part, int Min, int? Max) : GrammarNode;

    internal sealed record CharacterSet(bool IsNegated, IReadOnlyList<(int Low, int High)> Ranges) : GrammarNode;

    internal sealed record Pattern(string Source) : GrammarNode;

    internal sealed record JsonValue(JsonElement Schema) : GrammarNode;

    internal sealed record AnyObject : GrammarNode;

    internal sealed record Free(string Trigger, bool Ends) : GrammarNode;

    internal sealed record RuleReference(string Name) : GrammarNode;
}
