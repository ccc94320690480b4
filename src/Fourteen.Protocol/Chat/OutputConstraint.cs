using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Chat;

/// <summary>What the answer's text must be; the sampler sees to it. A thought before the answer stays free.</summary>
public abstract record OutputConstraint;

/// <summary>Any JSON object.</summary>
public sealed record JsonObjectConstraint : OutputConstraint;

/// <summary>JSON that is valid by a schema.</summary>
/// <param name="Schema">An object or a boolean.</param>
public sealed record JsonSchemaConstraint(JsonNode Schema) : OutputConstraint;

/// <summary>A text that a regular expression matches from its beginning to its end.</summary>
public sealed record RegexConstraint(string Pattern) : OutputConstraint;

/// <summary>A text of a grammar in llama.cpp's form, GBNF.</summary>
public sealed record GrammarConstraint(string Text) : OutputConstraint;

/// <summary>One of several texts.</summary>
public sealed record ChoiceConstraint(IReadOnlyList<string> Choices) : OutputConstraint;
