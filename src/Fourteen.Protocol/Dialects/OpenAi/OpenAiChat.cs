using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>OpenAI's chat completions, with what vLLM and llama-server add.</summary>
public static class OpenAiChat
{
    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Answers a conversation (OpenAI).",
        Fields = new FieldTable(
        [
            ServingFields.Model,
            Field.Honoured("messages", "array", "The conversation.",
                (draft, value) => draft.Chat = draft.Chat with { Messages = OpenAiMessages.Read(draft, value) }),
            Field.Honoured("tools", "array", "Functions that may be called.",
                (draft, value) => draft.Chat = draft.Chat with { Tools = OpenAiMessages.ReadTools(value) }),
            Field.Honoured("tool_choice", "string or object", "none, auto, required, or one function by name.",
                (draft, value) => draft.Chat = draft.Chat with { ToolChoice = OpenAiMessages.ReadToolChoice(value) }),
            Field.Honoured("parallel_tool_calls", "boolean", "Whether one answer may hold several calls.",
                (draft, value) => draft.Chat = draft.Chat with { ParallelToolCalls = value.Flag() }),
            Field.Honoured("max_completion_tokens", "integer", "The newer name of max_tokens.",
                OpenAiFields.ReadTokensMax),
            Field.Honoured("logprobs", "boolean", "Log-probabilities of the answer's tokens.", (draft, value) =>
            {
                if (value.Flag())
                    draft.Chat = draft.Chat with { TopLogprobs = draft.Chat.TopLogprobs ?? 0 };
            }),
            Field.Honoured("top_logprobs", "integer", "Likely tokens at each place; with logprobs.",
                OpenAiFields.ReadTopLogprobs),
            Field.Honoured("reasoning_effort", "string", "none or minimal for no thought; low and medium bound it.",
                ReadEffort),
            Field.Honoured("chat_template_kwargs", "object", "enable_thinking, and other variables of the template.",
                ReadTemplateVariables),
            Field.Honoured("enable_thinking", "boolean", "The same as in chat_template_kwargs.",
                (draft, value) => draft.Chat = draft.Chat with { Think = value.Flag() }),
            Field.Honoured("thinking_token_budget", "integer", "Most tokens of a thought; 0 for none.",
                (draft, value) => draft.Chat = draft.Chat with { ThinkBudget = value.Integer(0, int.MaxValue) }),
            ThinkingFields.TimeMax,
            ThinkingFields.AnswerReserve,
            Field.Honoured("include_reasoning", "boolean", "Whether thoughts are sent.",
                (draft, value) => draft.IncludeReasoning = value.Flag()),
            Field.Honoured("continue_final_message", "boolean", "Go on with the last message, an assistant's.",
                (draft, value) => draft.Chat = draft.Chat with { ContinueFinalMessage = value.Flag() }),
            .. OpenAiFields.Shared,
            Field.Harmless("add_generation_prompt", "It follows from continue_final_message."),
            Field.Harmless("reasoning_format", "Thoughts have fields of their own."),
            Field.RefusedUnless("add_special_tokens", "false", "the template writes them."),
            Field.RefusedUnless("echo", "false", "see /v1/completions."),
            Field.RefusedUnless("modalities", "[\"text\"]", "the models here write text alone."),
            Field.Harmless("verbosity", "A hint that the models here do not know."),
            Field.Refused("audio", "the models here write text alone."),
            Field.Refused("web_search_options", "nothing here looks into the web."),
            Field.Refused("functions", "use tools."),
            Field.Refused("function_call", "use tool_choice."),
            Field.Refused("documents", "put them into the messages."),
            Field.Refused("chat_template", "the template is the model's."),
            Field.Refused("mm_processor_kwargs", "the models here read text alone."),
        ]),
        Complete = Complete,
        CreateWriter = (draft, header) => new OpenAiChatWriter(draft, header),
    };

    private static void ReadEffort(RequestDraft draft, WireValue value)
    {
        string effort = value.Word("none", "minimal", "low", "medium", "high", "xhigh", "max");
        draft.Chat = ThinkingFields.WithEffort(draft.Chat, effort) with
        {
            TemplateVariables = new JsonObject { ["reasoning_effort"] = effort },
        };
    }

    /// <summary>Comes after the effort in the table, so that what is said here wins.</summary>
    private static void ReadTemplateVariables(RequestDraft draft, WireValue value)
    {
        JsonObject variables = draft.Chat.TemplateVariables ?? [];
        foreach ((string name, WireValue member) in value.Members())
        {
            if (name == "enable_thinking")
                draft.Chat = draft.Chat with { Think = member.Flag() };
            else if (name is "messages" or "tools" or "add_generation_prompt")
                throw new RequestException(member.Path, $"{member.Path} is set by the request itself");
            else
                variables[name] = member.Node();
        }

        draft.Chat = draft.Chat with { TemplateVariables = variables };
    }

    private static void Complete(RequestDraft draft)
    {
        ChatRequest chat = draft.Chat;
        if (chat.Messages.Count == 0)
            throw new RequestException("messages", "messages is missing");
        ToolRules.Check(chat);
        if (chat.ContinueFinalMessage && chat.Messages[^1].Role != "assistant")
        {
            throw new RequestException(
                "continue_final_message", "continue_final_message needs a last message of the assistant, found one of "
                + $"role \"{chat.Messages[^1].Role}\"");
        }
    }
}
