using System.Text.Json.Nodes;
using Fourteen.Engine.ChatTemplates;

namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// The words by which a model is told of tools whose template cannot do it, and those for its own calls and their
/// results: exactly what Qwen3's template writes. A template renders them, so that JSON is written as templates do.
/// </summary>
public static class HermesSystemText
{
    private static readonly ChatTemplate Declarations = ChatTemplate.Parse(
        "hermes declarations",
        """
        {{- "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" }}
        {{- "You are provided with function signatures within <tools></tools> XML tags:\n<tools>" }}
        {%- for tool in tools %}
            {{- "\n" + (tool | tojson) }}
        {%- endfor %}
        {{- "\n</tools>\n\nFor each function call, return a json object with function name and arguments within " }}
        {{- "<tool_call></tool_call> XML tags:\n<tool_call>\n" }}
        {{- "{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>" }}
        """);

    private static readonly ChatTemplate Call = ChatTemplate.Parse(
        "hermes call",
        """
        {{- "<tool_call>\n{\"name\": " + (name | tojson) + ", \"arguments\": " }}
        {{- arguments if arguments is string else arguments | tojson }}
        {{- "}\n</tool_call>" }}
        """);

    /// <summary>
    /// The text that declares tools: the end of the system message, two newlines behind what else stands there.
    /// </summary>
    /// <param name="tools">In the form of OpenAI's API; at least one. They are not changed.</param>
    /// <exception cref="TemplateException">They are no proper JSON, or too long.</exception>
    public static string For(JsonArray tools)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tools.Count, nameof(tools));
        return Declarations.RenderPlain(new JsonObject { ["tools"] = tools.DeepClone() }, DateTimeOffset.UnixEpoch);
    }

    /// <summary>
    /// A call in an earlier message of the assistant: behind its text and between calls stands one newline.
    /// </summary>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">An object, or its text, which is taken as it is.</param>
    /// <exception cref="TemplateException">They are no proper JSON, or too long.</exception>
    public static string ForCall(string name, JsonNode? arguments)
    {
        var variables = new JsonObject { ["name"] = name, ["arguments"] = arguments?.DeepClone() ?? new JsonObject() };
        return Call.RenderPlain(variables, DateTimeOffset.UnixEpoch);
    }

    /// <summary>A call's result: part of a message of the user, which joins those that follow each other by a newline.
    /// </summary>
    public static string ForResult(string content) => $"<tool_response>\n{content}\n</tool_response>";
}
