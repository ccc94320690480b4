using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>Ollama's chat.</summary>
public static class OllamaChat
{
    private static readonly string[] MessageFields =
        ["role", "content", "thinking", "tool_calls", "tool_name", "tool_call_id", "images"];

    /// <summary>POST /api/chat.</summary>
    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Answers a conversation (Ollama); without messages, loads or unloads the model.",
        StreamsByDefault = true,
        Fields = new FieldTable(
        [
            .. OllamaFields.Shared,
            Field.Honoured("messages", "array", "The conversation; without it the model is loaded, or with "
                + "\"keep_alive\": 0 unloaded.",
                (draft, value) => draft.Chat = draft.Chat with
                {
                    Messages = [.. value.Items().Select(item => ReadMessage(draft, item))],
                }),
            Field.Honoured("tools", "array", "Functions that may be called.",
                (draft, value) => draft.Chat = draft.Chat with { Tools = OpenAiMessages.ReadTools(value) }),
            Field.Honoured("tool_choice", "string or object", "As in OpenAI's API, and unlike in Ollama honoured.",
                (draft, value) => draft.Chat = draft.Chat with { ToolChoice = OpenAiMessages.ReadToolChoice(value) }),
        ]),
        Complete = OllamaFields.CompleteChat,
        CreateWriter = (draft, header) => new OllamaWriter(draft, header, true),
        WriteLoaded = (draft, header, json) => OllamaJson.WriteLoaded(draft, header, json, true),
    };

    private static ChatMessage ReadMessage(RequestDraft draft, WireValue value)
    {
        foreach ((string name, WireValue member) in value.Members())
        {
            if (!MessageFields.Contains(name))
                draft.Ignore(member.Path);
        }

        OllamaJson.RefuseImages(value.Member("images"));
        return new ChatMessage(
            value.Required("role").Word("system", "user", "assistant", "tool"), value.Member("content")?.Text() ?? "")
        {
            Reasoning = value.Member("thinking")?.Text(),
            Name = value.Member("tool_name")?.Text(),
            ToolCallId = value.Member("tool_call_id")?.Text(),
            ToolCalls = [.. value.Member("tool_calls")?.Items().Select(ReadCall) ?? []],
        };
    }

    private static ToolCall ReadCall(WireValue value)
    {
        WireValue function = value.Required("function");
        JsonNode? arguments = null;
        if (function.Member("arguments") is { } member)
            arguments = member.IsObject ? member.Node() : throw member.Wrong("an object");
        return new ToolCall(value.Member("id")?.Text(), function.Required("name").Text(), arguments);
    }
}

/// <summary>Ollama's answers to one prompt.</summary>
public static class OllamaGenerate
{
    /// <summary>POST /api/generate.</summary>
    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Answers a prompt (Ollama); without a prompt, loads or unloads the model.",
        StreamsByDefault = true,
        Fields = new FieldTable(
        [
            .. OllamaFields.Shared,
            Field.Honoured("prompt", "string", "What the user says; without it the model is loaded, or with "
                + "\"keep_alive\": 0 unloaded.",
                (draft, value) => draft.Chat = draft.Chat with { Text = value.Text() }),
            Field.Honoured("system", "string", "The system prompt.", (draft, value) => draft.Chat = draft.Chat with
            {
                Messages = value.Text().Length == 0 ? [] : [new ChatMessage("system", value.Text())],
            }),
            Field.Honoured("suffix", "string", "What comes after the gap that the answer fills.",
                (draft, value) => draft.Chat = draft.Chat with { Suffix = value.Text() is "" ? null : value.Text() }),
            Field.Honoured("raw", "boolean", "Whether the prompt is taken as it is, without the model's template.",
                (draft, value) => draft.Chat = draft.Chat with { SeparateThought = !value.Flag() }),
            Field.RefusedUnless("template", "\"\"", "the template is the model's; send a raw prompt."),
            Field.RefusedUnless("context", "[]", "send the conversation to /api/chat."),
            new Field("images", FieldTreatment.Refused, "the models here read text alone.",
                (_, value) => OllamaJson.RefuseImages(value)) { Neutral = "[]" },
        ]),
        Complete = Complete,
        CreateWriter = (draft, header) => new OllamaWriter(draft, header, false),
        WriteLoaded = (draft, header, json) => OllamaJson.WriteLoaded(draft, header, json, false),
    };

    /// <summary>A prompt is what a user says, unless it is raw or the beginning of a gap.</summary>
    private static void Complete(RequestDraft draft)
    {
        ChatRequest chat = draft.Chat;
        bool isPlain = !chat.SeparateThought || chat.Suffix is not null;
        if (string.IsNullOrEmpty(chat.Text) && chat.Suffix is null)
        {
            draft.LoadOnly = true;
            draft.Stream = false;
        }
        else if (isPlain && chat.Messages.Count > 0)
        {
            throw new RequestException("system", "system needs a template: leave out \"raw\" and \"suffix\"");
        }
        else
        {
            draft.Chat = isPlain
                ? chat with { Text = chat.Text ?? "", SeparateThought = false }
                : chat with
                {
                    Messages = [.. chat.Messages, new ChatMessage("user", chat.Text ?? "")],
                    Text = null,
                };
        }
    }
}
