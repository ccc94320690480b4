using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>Messages and tools of OpenAI's chat API, which other dialects borrow parts of.</summary>
internal static class OpenAiMessages
{
    internal static IReadOnlyList<ChatMessage> Read(RequestDraft draft, WireValue value)
    {
        ChatMessage[] messages = [.. value.Items().Select(item => ReadMessage(draft, item))];
        return messages.Length > 0 ? messages : throw value.Wrong("an array of one message or more");
    }

    internal static IReadOnlyList<ToolDefinition> ReadTools(WireValue value) =>
        [.. value.Items().Select(item => ToolDefinition.Read(item.Node(), item.Path))];

    internal static ToolChoice ReadToolChoice(WireValue value)
    {
        if (!value.IsObject)
        {
            return value.Word("none", "auto", "required") switch
            {
                "none" => new ToolChoice(ToolChoiceKind.None),
                "required" => new ToolChoice(ToolChoiceKind.Required),
                _ => ToolChoice.Auto,
            };
        }

        value.Required("type").Word("function");
        return new ToolChoice(ToolChoiceKind.Named, value.Required("function").Required("name").Text());
    }

    /// <summary>Text, or parts of text; anything else is refused by its type.</summary>
    internal static string ReadContent(WireValue value)
    {
        if (value.IsText)
            return value.Text();
        return string.Join('\n', value.Items().Select(part =>
        {
            string type = part.Required("type").Text();
            return type is "text" or "input_text" or "output_text"
                ? part.Required("text").Text()
                : throw new RequestException(
                    part.Path, $"{part.Path} is of type \"{type}\", but the models here read text alone");
        }));
    }

    /// <summary>The arguments of a call: an object, or its text, which is read where it is JSON.</summary>
    internal static JsonNode? ReadArguments(WireValue value)
    {
        if (!value.IsText)
            return value.Node();
        return WireJson.TryParse(value.Text(), out JsonNode? node) && node is JsonObject
            ? node
            : JsonValue.Create(value.Text());
    }

    private static readonly string[] MessageFields =
    [
        "role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content", "reasoning", "refusal", "audio",
        "annotations", "function_call", "prefix",
    ];

    private static ChatMessage ReadMessage(RequestDraft draft, WireValue value)
    {
        foreach ((string name, WireValue member) in value.Members())
        {
            if (!MessageFields.Contains(name))
                draft.Ignore(member.Path);
        }

        foreach (string refused in (string[])["audio", "function_call"])
        {
            if (value.Member(refused) is { } found)
                throw new RequestException(found.Path, $"{found.Path} is not supported; use text and tool_calls");
        }

        string role = value.Required("role").Word("system", "developer", "user", "assistant", "tool");
        WireValue? content = value.Member("content");
        if (content is null && role is not "assistant")
            throw new RequestException($"{value.Path}.content", $"{value.Path}.content is missing");
        return new ChatMessage(role == "developer" ? "system" : role, content is { } text ? ReadContent(text) : "")
        {
            Name = value.Member("name")?.Text(),
            Reasoning = (value.Member("reasoning_content") ?? value.Member("reasoning"))?.Text(),
            ToolCallId = value.Member("tool_call_id")?.Text(),
            ToolCalls = [.. value.Member("tool_calls")?.Items().Select(ReadCall) ?? []],
        };
    }

    private static ToolCall ReadCall(WireValue value)
    {
        WireValue function = value.Required("function");
        return new ToolCall(
            value.Member("id")?.Text(), function.Required("name").Text(),
            function.Member("arguments") is { } arguments ? ReadArguments(arguments) : null);
    }
}
