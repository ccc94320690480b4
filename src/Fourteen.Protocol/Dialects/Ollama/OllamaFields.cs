using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>Fields that Ollama's generating endpoints share.</summary>
internal static class OllamaFields
{
    private const string Placement = "Where a model is computed changes no answer.";

    /// <summary>Members of "options", in an order in which they may be read.</summary>
    internal static FieldTable Options { get; } = new(
    [
        ServingFields.Context,
        Field.Honoured("num_predict", "integer", "Most generated tokens; -1 or -2 for as many as the context holds.",
            ReadTokensMax),
        SamplingFields.Seed,
        SamplingFields.Temperature,
        SamplingFields.TopK,
        SamplingFields.TopP,
        SamplingFields.MinP,
        SamplingFields.TypicalP,
        SamplingFields.RepetitionPenalty("repeat_penalty"),
        SamplingFields.PresencePenalty,
        SamplingFields.FrequencyPenalty,
        Field.Honoured("repeat_last_n", "integer",
            "0 switches penalties off, -1 counts the whole text. Other numbers, of which clients send 64 as a matter "
            + "of course, count the whole text too, and the header X-Fourteen-Ignored names the field.", ReadWindow),
        SamplingFields.Mirostat,
        SamplingFields.MirostatTau,
        SamplingFields.MirostatEta,
        Field.Honoured("stop", "string or array", "Texts that end the answer and are not part of it.",
            (draft, value) => draft.Chat = draft.Chat with { Stop = value.Texts() }),
        Field.RefusedUnless("tfs_z", "1", "there is no tail-free sampler."),
        Field.RefusedUnless("penalize_newline", "true", "penalties count every token."),
        Field.Harmless("num_keep", "Nothing is cut off in silence; see context_overflow."),
        Field.Harmless("draft_num_predict", "Drafts change no answer."),
        Field.Harmless("num_batch", Placement),
        Field.Harmless("num_gpu", Placement),
        Field.Harmless("main_gpu", Placement),
        Field.Harmless("num_thread", Placement),
        Field.Harmless("numa", Placement),
        Field.Harmless("use_mmap", Placement),
        Field.Harmless("use_mlock", Placement),
        Field.Harmless("low_vram", Placement),
        Field.Harmless("f16_kv", "The type of the cache is the server's."),
        Field.Harmless("vocab_only", "A model is loaded whole."),
        Field.Harmless("logits_all", "See logprobs."),
        Field.Harmless("embedding_only", "See /api/embed."),
    ]);

    /// <summary>What /api/chat and /api/generate both have.</summary>
    internal static IEnumerable<Field> Shared { get; } =
    [
        ServingFields.Model,
        Field.Honoured("stream", "boolean", "Whether the answer comes line by line; it does unless this is false.",
            (draft, value) => draft.Stream = value.Flag()),
        Field.Honoured("think", "boolean or string",
            "Whether to think, or low, medium, high or max; without it, as the model does by itself.", ReadThink),
        Field.Honoured("format", "string or object", "json, or a JSON Schema; \"\" for free text.", ReadFormat),
        Field.Object("options", "How tokens are drawn, and limits.", Options),
        Field.Honoured("logprobs", "boolean", "Log-probabilities of the answer's tokens.", (draft, value) =>
        {
            if (value.Flag())
                draft.Chat = draft.Chat with { TopLogprobs = draft.Chat.TopLogprobs ?? 0 };
        }),
        Field.Honoured("top_logprobs", "integer", "Likely tokens at each place; with logprobs.",
            OpenAiFields.ReadTopLogprobs),
        Field.Honoured("truncate", "boolean",
            "true drops the oldest messages of a conversation that is too long, and the response lists them. Unlike in "
            + "Ollama the default is false: such a request fails.",
            (draft, value) => draft.Chat = draft.Chat with
            {
                ContextOverflow = value.Flag() ? ContextOverflow.DropOldest : ContextOverflow.Error,
            }),
        Field.RefusedUnless("shift", "false",
            "an answer that fills the context ends with done_reason \"length\"; nothing is forgotten meanwhile."),
        ServingFields.KeepAlive,
        ThinkingFields.TimeMax,
        ThinkingFields.AnswerReserve,
        .. ServingFields.Scheduling,
        ServingFields.ContextOverflow,
    ];

    /// <summary>A last message of the assistant is the beginning of the answer, as Ollama's templates leave it open.
    /// </summary>
    internal static void CompleteChat(RequestDraft draft)
    {
        ChatRequest chat = draft.Chat;
        if (chat.Messages.Count == 0)
        {
            draft.LoadOnly = true;
            draft.Stream = false;
            return;
        }

        ToolRules.Check(chat);
        bool isOpen = chat.Messages[^1] is { Role: "assistant", ToolCalls.Count: 0 };
        draft.Chat = chat with { ContinueFinalMessage = isOpen };
    }

    private static void ReadTokensMax(RequestDraft draft, WireValue value)
    {
        int tokens = value.Integer(-2, int.MaxValue);
        if (tokens == 0)
            throw value.Wrong("1 or more, -1 or -2");
        draft.Chat = draft.Chat with { MaxTokens = tokens < 0 ? null : tokens };
    }

    /// <summary>Comes after the penalties in the table.</summary>
    private static void ReadWindow(RequestDraft draft, WireValue value)
    {
        switch (value.Integer(-1, int.MaxValue))
        {
            case -1:
                break;
            case 0:
                draft.Sample(s => s with { RepetitionPenalty = 1, PresencePenalty = 0, FrequencyPenalty = 0 });
                break;
            default:
                draft.Ignore(value.Path);
                break;
        }
    }

    private static void ReadThink(RequestDraft draft, WireValue value) => draft.Chat = value.IsText
        ? ThinkingFields.WithEffort(draft.Chat, value.Word("low", "medium", "high", "max"))
        : draft.Chat with { Think = value.Flag() };

    private static void ReadFormat(RequestDraft draft, WireValue value)
    {
        if (value.IsText)
        {
            if (value.Word("", "json") == "json")
                OpenAiFields.Constrain(draft, value, new JsonObjectConstraint());
        }
        else
        {
            OpenAiFields.Constrain(draft, value, new JsonSchemaConstraint(OpenAiFields.SchemaOf(value)));
        }
    }
}
