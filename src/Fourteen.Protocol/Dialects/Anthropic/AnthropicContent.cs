using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Anthropic;

/// <summary>
/// Messages, blocks and tools of Anthropic's API. A result of a tool becomes a message of its own, as templates have
/// it; what the user says beside it follows.
/// </summary>
internal static class AnthropicContent
{
    private static readonly string[] MessageFields = ["role", "content"];

    private static readonly string[] ToolFields =
        ["name", "description", "input_schema", "type", "strict", "cache_control", "eager_input_streaming"];

    private static readonly string[] ChoiceFields = ["type", "name", "disable_parallel_tool_use"];

    /// <summary>Members of blocks by the block's type; a type that is not here is refused.</summary>
    private static readonly Dictionary<string, string[]> BlockFields = new()
    {
        ["text"] = ["type", "text", "cache_control", "citations"],
        ["thinking"] = ["type", "thinking", "signature"],
        ["redacted_thinking"] = ["type", "data"],
        ["tool_use"] = ["type", "id", "name", "input", "cache_control", "caller"],
        ["tool_result"] = ["type", "tool_use_id", "content", "is_error", "cache_control"],
    };

    internal static List<ChatMessage> ReadMessages(RequestDraft draft, WireValue value)
    {
        var messages = new List<ChatMessage>();
        var toolById = new Dictionary<string, string>();
        foreach (WireValue item in value.Items())
        {
            IgnoreUnknown(draft, item, MessageFields);
            string role = item.Required("role").Word("user", "assistant", "system");
            WireValue content = item.Required("content");
            if (content.IsText)
                messages.Add(new ChatMessage(role, content.Text()));
            else if (role == "assistant")
                messages.Add(ReadAssistant(draft, content, toolById));
            else if (role == "system")
                messages.Add(new ChatMessage(role, ReadTexts(draft, content)));
            else
                AddUser(draft, content, toolById, messages);
        }

        return messages.Count > 0 ? messages : throw value.Wrong("an array of one message or more");
    }

    /// <summary>A text, or blocks of text, one a line.</summary>
    internal static string ReadTexts(RequestDraft draft, WireValue value) => value.IsText
        ? value.Text()
        : string.Join('\n', value.Items().Select(block =>
            TypeOf(draft, block) == "text" ? block.Required("text").Text() : throw Misplaced(block)));

    internal static List<ToolDefinition> ReadTools(RequestDraft draft, WireValue value)
    {
        var tools = new List<ToolDefinition>();
        foreach (WireValue item in value.Items())
        {
            if (item.Member("type") is { } type && type.Text() != "custom")
            {
                throw new RequestException(
                    type.Path, $"{type.Path} must be \"custom\" or absent, found \"{type.Text()}\": "
                    + "tools that Anthropic's servers run do not exist here; declare one with an input_schema");
            }

            IgnoreUnknown(draft, item, ToolFields);
            WireValue schema = item.Required("input_schema");
            if (!schema.IsObject)
                throw schema.Wrong("a JSON Schema");
            tools.Add(ToolDefinition.Create(
                item.Required("name").Text(), item.Member("description")?.Text(), schema.Node(),
                item.Member("strict")?.Flag() ?? false));
        }

        return tools;
    }

    internal static ChatRequest ReadToolChoice(RequestDraft draft, WireValue value)
    {
        ToolChoice choice = value.Required("type").Word("auto", "any", "tool", "none") switch
        {
            "any" => new ToolChoice(ToolChoiceKind.Required),
            "tool" => new ToolChoice(ToolChoiceKind.Named, value.Required("name").Text()),
            "none" => new ToolChoice(ToolChoiceKind.None),
            _ => ToolChoice.Auto,
        };
        IgnoreUnknown(draft, value, ChoiceFields);
        bool isSingle = value.Member("disable_parallel_tool_use")?.Flag() ?? false;
        return draft.Chat with { ToolChoice = choice, ParallelToolCalls = !isSingle };
    }

    private static ChatMessage ReadAssistant(
        RequestDraft draft, WireValue content, Dictionary<string, string> toolById)
    {
        var texts = new List<string>();
        var thoughts = new List<string>();
        var calls = new List<ToolCall>();
        foreach (WireValue block in content.Items())
        {
            switch (TypeOf(draft, block))
            {
                case "text":
                    texts.Add(block.Required("text").Text());
                    break;
                case "thinking":
                    thoughts.Add(block.Required("thinking").Text());
                    break;
                case "redacted_thinking": // Nobody but Anthropic can read it.
                    break;
                case "tool_use":
                    WireValue input = block.Required("input");
                    if (!input.IsObject)
                        throw input.Wrong("an object");
                    var call = new ToolCall(block.Required("id").Text(), block.Required("name").Text(), input.Node());
                    toolById[call.Id!] = call.Name; // The id is required above.
                    calls.Add(call);
                    break;
                default:
                    throw Misplaced(block);
            }
        }

        return new ChatMessage("assistant", string.Join('\n', texts))
        {
            Reasoning = thoughts.Count > 0 ? string.Join('\n', thoughts) : null,
            ToolCalls = calls,
        };
    }

    private static void AddUser(
        RequestDraft draft, WireValue content, Dictionary<string, string> toolById, List<ChatMessage> messages)
    {
        var texts = new List<string>();
        bool hasResults = false;
        foreach (WireValue block in content.Items())
        {
            switch (TypeOf(draft, block))
            {
                case "text":
                    texts.Add(block.Required("text").Text());
                    break;
                case "tool_result":
                    messages.Add(ReadResult(draft, block, toolById));
                    hasResults = true;
                    break;
                default:
                    throw Misplaced(block);
            }
        }

        if (texts.Count > 0 || !hasResults)
            messages.Add(new ChatMessage("user", string.Join('\n', texts)));
    }

    /// <summary>Templates have no mark for a tool that failed, so that the text says it.</summary>
    private static ChatMessage ReadResult(RequestDraft draft, WireValue block, Dictionary<string, string> toolById)
    {
        string id = block.Required("tool_use_id").Text();
        string text = block.Member("content") is { } content ? ReadTexts(draft, content) : "";
        bool saysError = text.StartsWith("error", StringComparison.OrdinalIgnoreCase);
        if (block.Member("is_error")?.Flag() == true && !saysError)
            text = $"Error: {text}";
        return new ChatMessage("tool", text) { ToolCallId = id, Name = toolById.GetValueOrDefault(id) };
    }

    /// <summary>The type of a block that is known; its unknown members are noted.</summary>
    private static string TypeOf(RequestDraft draft, WireValue block)
    {
        string type = block.Required("type").Text();
        if (!BlockFields.TryGetValue(type, out string[]? fields))
        {
            throw new RequestException(
                block.Path, $"{block.Path} is of type \"{type}\", but the models here read text alone: send one of "
                + string.Join(", ", BlockFields.Keys));
        }

        IgnoreUnknown(draft, block, fields);
        return type;
    }

    private static RequestException Misplaced(WireValue block) => new(
        block.Path, $"{block.Path} is of type \"{block.Required("type").Text()}\", which does not belong there");

    private static void IgnoreUnknown(RequestDraft draft, WireValue value, string[] known)
    {
        foreach ((string name, WireValue member) in value.Members())
        {
            if (!known.Contains(name))
                draft.Ignore(member.Path);
        }
    }
}
