using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Constraints.Gbnf;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>
/// What an answer may be, from the constraint and the tools of a request: the grammar that sampling is held to. Null
/// where it is free.
/// </summary>
/// <param name="Source">The same for the same grammar, so that what was compiled is found again.</param>
internal sealed record AnswerGrammar(
    string Source, GrammarNode Root, IReadOnlyDictionary<string, GrammarNode>? Rules)
{
    /// <param name="support">How the model calls tools.</param>
    /// <param name="followsThought">Whether a thought may come before it, behind which models break the line.</param>
    /// <exception cref="ConstraintException">A grammar is broken.</exception>
    internal static AnswerGrammar? For(ChatRequest request, ToolCallSupport support, bool followsThought)
    {
        var source = new System.Text.StringBuilder();
        IReadOnlyDictionary<string, GrammarNode>? rules = null;
        GrammarNode? text = ForConstraint(request.Constraint, source, ref rules);
        GrammarNode? root = request.Tools.Count == 0 ? text : WithTools(request, support, text, source);
        if (root is null)
            return null;
        if (followsThought)
        {
            source.Append("\nthought");
            root = GrammarNode.Sequence(
                GrammarNode.Repeat(GrammarNode.Characters(isNegated: false, ('\n', '\n')), 0, 2), root);
        }

        return new AnswerGrammar(source.ToString(), root, rules);
    }

    private static GrammarNode? ForConstraint(
        OutputConstraint? constraint, System.Text.StringBuilder source,
        ref IReadOnlyDictionary<string, GrammarNode>? rules)
    {
        switch (constraint)
        {
            case JsonObjectConstraint:
                source.Append("object");
                return GrammarNode.JsonObject();
            case JsonSchemaConstraint schema:
                source.Append("schema ").Append(schema.Schema.ToJsonString());
                return GrammarNode.Json(ToElement(schema.Schema));
            case RegexConstraint regex:
                source.Append("regex ").Append(regex.Pattern);
                return GrammarNode.Regex(regex.Pattern);
            case GrammarConstraint grammar:
                source.Append("grammar ").Append(grammar.Text);
                rules = GbnfParser.Parse(grammar.Text);
                return GrammarNode.Rule("root");
            case ChoiceConstraint choice:
                if (choice.Choices.Count == 0)
                    throw new RequestException("choice", "choice must list one text or more, found none");
                source.Append("choice ").Append(new JsonArray([.. choice.Choices.Select(c => JsonValue.Create(c))])
                    .ToJsonString());
                return GrammarNode.Choice([.. choice.Choices.Select(GrammarNode.Text)]);
            default:
                return null;
        }
    }

    private static GrammarNode? WithTools(
        ChatRequest request, ToolCallSupport support, GrammarNode? text, System.Text.StringBuilder source)
    {
        var calls = new CallGrammar(support, source);
        switch (request.ToolChoice.Kind)
        {
            case ToolChoiceKind.None:
                return text ?? calls.TextWithoutCalls();
            case ToolChoiceKind.Required:
                return calls.Calls(request.Tools, request.ParallelToolCalls);
            case ToolChoiceKind.Named:
                string name = request.ToolChoice.Name ?? "";
                return calls.Calls([.. request.Tools.Where(tool => tool.Name == name)], isParallel: false);
            default:
                if (text is not null)
                    return GrammarNode.Choice(text, calls.Calls(request.Tools, request.ParallelToolCalls));
                return request.Tools.Any(tool => tool.Strict)
                    ? calls.TextWithCalls(request.Tools, request.ParallelToolCalls)
                    : null;
        }
    }

    /// <summary>A document of its own, which lives as long as the grammar.</summary>
    internal static JsonElement ToElement(JsonNode node) => JsonDocument.Parse(node.ToJsonString()).RootElement;
}
