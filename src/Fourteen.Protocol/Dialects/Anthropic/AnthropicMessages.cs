using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Anthropic;

/// <summary>
/// Anthropic's messages. Unlike elsewhere, no thought comes unless "thinking" asks for one, as in that API; a last
/// message of the assistant is the beginning of the answer.
/// </summary>
public static class AnthropicMessages
{
    /// <summary>The least budget of a thought in Anthropic's API.</summary>
    private const int BudgetMin = 1024;

    private static readonly FieldTable Thinking = new(
        Field.Honoured("type", "string", "enabled with a budget, adaptive without one, or disabled.",
            (draft, value) => draft.Chat = draft.Chat with
            {
                Think = value.Word("enabled", "adaptive", "disabled") != "disabled",
            }),
        Field.Honoured("budget_tokens", "integer", "Most tokens of a thought: 1024 or more, and less than max_tokens.",
            (draft, value) => draft.Chat = draft.Chat with { ThinkBudget = value.Integer(BudgetMin, int.MaxValue) }),
        Field.Honoured("display", "string", "summarized sends the thought, which is whole here; omitted does not.",
            (draft, value) => draft.IncludeReasoning = value.Word("summarized", "omitted") == "summarized"));

    private static readonly FieldTable Format = new(
        Field.Honoured("type", "string", "json_schema.", (_, value) => value.Word("json_schema")),
        Field.Honoured("schema", "object", "The JSON Schema of the answer.",
            (draft, value) => OpenAiFields.Constrain(
                draft, value, new JsonSchemaConstraint(OpenAiFields.SchemaOf(value)))));

    /// <summary>Comes after "thinking", on which the effort depends.</summary>
    private static readonly FieldTable OutputConfig = new(
        Field.Honoured("effort", "string", "Where thinking is adaptive, low and medium bound the thought.", ReadEffort),
        Field.Object("format", "What the answer must be.", Format));

    private static readonly FieldTable Table = new(
    [
        ServingFields.Model,
        Field.Honoured("messages", "array", "The conversation; blocks of text, thinking, tool_use and tool_result.",
            (draft, value) => draft.Chat = draft.Chat with
            {
                Messages = [.. draft.Chat.Messages, .. AnthropicContent.ReadMessages(draft, value)],
            }),
        Field.Honoured("system", "string or array", "The system prompt: a text, or blocks of text.",
            (draft, value) => draft.Chat = draft.Chat with
            {
                Messages =
                    [new ChatMessage("system", AnthropicContent.ReadTexts(draft, value)), .. draft.Chat.Messages],
            }),
        Field.Honoured("max_tokens", "integer", "Most generated tokens, thought included; required to generate.",
            (draft, value) => draft.Chat = draft.Chat with { MaxTokens = value.Integer(1, int.MaxValue) }),
        Field.Honoured("stream", "boolean", "Whether the answer comes as server-sent events.",
            (draft, value) => draft.Stream = value.Flag()),
        Field.Honoured("stop_sequences", "array", "Texts that end the answer and are not part of it.",
            (draft, value) => draft.Chat = draft.Chat with { Stop = [.. value.Items().Select(item => item.Text())] }),
        Field.Honoured("tools", "array", "Functions to call; those that Anthropic's servers run are refused.",
            (draft, value) => draft.Chat = draft.Chat with { Tools = AnthropicContent.ReadTools(draft, value) }),
        Field.Honoured("tool_choice", "object", "auto, any, none, or one tool; with disable_parallel_tool_use.",
            (draft, value) => draft.Chat = AnthropicContent.ReadToolChoice(draft, value)),
        Field.Object("thinking", "Whether to think; without it there is no thought.", Thinking),
        Field.Object("output_config", "Effort, and the form of the answer.", OutputConfig),
        Field.Object("output_format", "The older name of output_config.format.", Format),
        SamplingFields.Temperature,
        SamplingFields.TopP,
        SamplingFields.TopK,
        SamplingFields.MinP,
        SamplingFields.Seed,
        ThinkingFields.TimeMax,
        ThinkingFields.AnswerReserve,
        .. ServingFields.Scheduling,
        ServingFields.ContextOverflow,
        ServingFields.Context,
        ServingFields.KeepAlive,
        Field.Harmless("metadata", "Nothing is stored."),
        Field.Harmless("service_tier", "There is one; see priority."),
        Field.Harmless("cache_control", "Every computed beginning is found by its content."),
        Field.Harmless("anthropic_version", "Fields are taken whatever the version."),
        Field.Harmless("anthropic_beta", "Fields are taken whatever the version."),
        Field.Harmless("betas", "Fields are taken whatever the version."),
        Field.Harmless("inference_geo", "There is one machine."),
        Field.Refused("container", "nothing is run here."),
        Field.RefusedUnless("mcp_servers", "[]", "the client calls tools."),
        Field.Ignored("context_management",
            "Claude Code sends it as a matter of course. Nothing is removed from a conversation, and the header "
            + "X-Fourteen-Ignored names the field; see context_overflow."),
    ]);

    /// <summary>POST /v1/messages.</summary>
    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Answers a conversation (Anthropic).",
        Fields = Table,
        Complete = draft =>
        {
            if (draft.Chat.MaxTokens is null)
                throw new RequestException("max_tokens", "max_tokens is missing");
            Complete(draft);
        },
        CreateWriter = (draft, header) => new AnthropicMessageWriter(draft, header),
    };

    /// <summary>POST /v1/messages/count_tokens: the same body, in which nothing needs a limit.</summary>
    public static QueryOperation CountTokens { get; } = new()
    {
        Summary = "Counts the tokens of a conversation's prompt (Anthropic).",
        Fields = Table,
        Complete = Complete,
    };

    private static void ReadEffort(RequestDraft draft, WireValue value)
    {
        ChatRequest chat = draft.Chat;
        string effort = value.Word("low", "medium", "high", "xhigh", "max");
        if (chat is not { Think: true, ThinkBudget: null })
            return;
        chat = ThinkingFields.WithEffort(chat, effort);
        draft.Chat = chat with
        {
            ThinkBudget = chat.ThinkBudget >= chat.MaxTokens ? chat.MaxTokens - 1 : chat.ThinkBudget,
        };
    }

    private static void Complete(RequestDraft draft)
    {
        ChatRequest chat = draft.Chat;
        if (chat.Messages.All(message => message.Role == "system"))
            throw new RequestException("messages", "messages is missing");
        ToolRules.Check(chat);
        if (chat.Think == true && chat.ThinkBudget >= chat.MaxTokens)
        {
            throw new RequestException(
                "thinking.budget_tokens",
                $"thinking.budget_tokens must be less than max_tokens, found {chat.ThinkBudget} and {chat.MaxTokens}");
        }

        ChatMessage last = chat.Messages[^1];
        if (last is { Role: "assistant", ToolCalls.Count: > 0 })
        {
            throw new RequestException(
                "messages", "messages ends with a tool_use; send its tool_result in a message of the user");
        }

        draft.Chat = chat with
        {
            Think = chat.Think ?? false,
            ThinkBudget = chat.Think == true ? chat.ThinkBudget : null,
            ContinueFinalMessage = last.Role == "assistant",
        };
    }
}
