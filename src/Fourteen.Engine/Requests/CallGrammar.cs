using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Constraints;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>Calls of tools as a model writes them, as a grammar.</summary>
/// <param name="source">Gets a text that is the same for the same grammar.</param>
internal sealed class CallGrammar(ToolCallSupport support, StringBuilder source)
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>One call, or more where they may be parallel; nothing else.</summary>
    internal GrammarNode Calls(IReadOnlyList<ToolDefinition> tools, bool isParallel)
    {
        source.Append("\ncalls ").Append(support.Format.Name).Append(isParallel);
        GrammarNode call = AnyCall(tools);
        if (support.Format == ToolCallFormat.Mistral)
        {
            GrammarNode more = GrammarNode.Repeat(
                GrammarNode.Sequence(GrammarNode.Text(", "), call), 0, isParallel ? null : 0);
            return GrammarNode.Sequence(Marker(), GrammarNode.Text("["), call, more, GrammarNode.Text("]"));
        }

        GrammarNode one = support.Format == ToolCallFormat.Hermes
            ? GrammarNode.Sequence(Marker(), HermesBody(call))
            : call;
        string between = support.Format == ToolCallFormat.Hermes ? "\n" : "; ";
        return GrammarNode.Sequence(
            one, GrammarNode.Repeat(
                GrammarNode.Sequence(GrammarNode.Text(between), one), 0, isParallel ? null : 0));
    }

    /// <summary>Free text in which each call is a proper one; null where calls have no marker to begin at.</summary>
    internal GrammarNode? TextWithCalls(IReadOnlyList<ToolDefinition> tools, bool isParallel)
    {
        if (!support.Format.CallsEndThoughts)
            return null;
        source.Append("\ntext with");
        if (support.Format == ToolCallFormat.Mistral)
            return GrammarNode.Sequence(TextWithoutCalls()!, GrammarNode.Optional(Calls(tools, isParallel)));
        source.Append(" calls ").Append(isParallel);
        GrammarNode call = AnyCall(tools);
        return GrammarNode.Sequence(
            GrammarNode.Repeat(
                GrammarNode.Sequence(GrammarNode.TextUntil(support.Format.Markers[0]), HermesBody(call)),
                0, isParallel ? null : 1),
            GrammarNode.TextWithout(support.Format.Markers[0]));
    }

    /// <summary>Free text without a call; null where calls have no marker that could be kept out.</summary>
    internal GrammarNode? TextWithoutCalls()
    {
        if (!support.Format.CallsEndThoughts)
            return null;
        source.Append("\nno ").Append(support.Format.Markers[0]);
        return GrammarNode.TextWithout(support.Format.Markers[0]);
    }

    private GrammarNode Marker()
    {
        string marker = support.Format.Markers[0];
        foreach ((int id, string text) in support.ControlMarkers)
        {
            if (text == marker)
                return GrammarNode.Token(id);
        }

        return GrammarNode.Text(marker);
    }

    private GrammarNode HermesBody(GrammarNode call) => GrammarNode.Sequence(
        GrammarNode.Text("\n"), call, GrammarNode.Text($"\n{support.Format.Markers[1]}"));

    private GrammarNode AnyCall(IReadOnlyList<ToolDefinition> tools) =>
        GrammarNode.Choice([.. tools.Select(Call)]);

    private GrammarNode Call(ToolDefinition tool)
    {
        string name = JsonValue.Create(tool.Name).ToJsonString(Plain);
        string arguments = support.Format == ToolCallFormat.Llama3 ? "parameters" : "arguments";
        return GrammarNode.Sequence(
            GrammarNode.Text($"{{\"name\": {name}, \"{arguments}\": "), Arguments(tool), GrammarNode.Text("}"));
    }

    /// <summary>By the tool's schema, or any object where it has none.</summary>
    private GrammarNode Arguments(ToolDefinition tool)
    {
        source.Append('\n').Append(tool.Name).Append(' ').Append(tool.Parameters?.ToJsonString(Plain));
        return tool.Parameters is JsonObject { Count: > 0 } schema
            ? GrammarNode.Json(AnswerGrammar.ToElement(schema))
            : GrammarNode.JsonObject();
    }
}
