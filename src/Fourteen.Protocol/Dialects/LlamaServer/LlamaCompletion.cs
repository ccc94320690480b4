using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.LlamaServer;

/// <summary>llama-server's own completions: a prompt that is taken as it is, or a gap that is filled.</summary>
public static class LlamaCompletion
{
    /// <summary>What llama-server puts between files for a model without tokens for it.</summary>
    private const string SnippetMark = "\n\n--- snippet ---\n\n";

    /// <summary>OpenAI's fields that these endpoints do not have, or have in another form.</summary>
    private static readonly string[] Others = ["n", "stream_options", "prompt_logprobs"];

    private static readonly string[] ExtraFields = ["text", "filename"];

    /// <summary>What both endpoints have.</summary>
    private static readonly Field[] Shared =
    [
        ServingFields.Model,
        Field.Honoured("n_probs", "integer", "Likely tokens at each place of the answer.", (draft, value) =>
        {
            int count = value.Integer(0, OpenAiFields.TopLogprobsMax);
            draft.Chat = draft.Chat with { TopLogprobs = count > 0 ? count : null };
        }),
        Field.Honoured("return_tokens", "boolean", "Whether the ids of the answer's tokens are sent beside its text.",
            (draft, value) => draft.ReturnTokens = value.Flag()),
        .. OpenAiFields.Shared.Where(field => !Others.Contains(field.Name)),
        Field.RefusedUnless("n", "1", "send one request for each answer."),
        Field.RefusedUnless("n_cmpl", "1", "send one request for each answer."),
        Field.RefusedUnless("post_sampling_probs", "false", "probabilities are the model's own."),
        Field.RefusedUnless("t_max_predict_ms", "0", "an answer is bounded by tokens; see n_predict."),
        Field.RefusedUnless("n_indent", "0", "text is not indented; use a grammar."),
        Field.RefusedUnless("response_fields", "[]", "a response is sent whole."),
        Field.Harmless("n_discard", "Nothing is cut off in silence; see context_overflow."),
    ];

    /// <summary>POST /completion.</summary>
    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Continues a text (llama-server).",
        Fields = new FieldTable(
        [
            Field.Honoured("prompt", "string or array", "One text, or one array of token ids.",
                OpenAiCompletions.ReadPrompt),
            .. Shared,
        ]),
        Complete = draft =>
        {
            if (draft.Chat.Text is null && draft.Chat.Tokens is null)
                throw new RequestException("prompt", "prompt is missing");
            Complete(draft);
        },
        CreateWriter = (draft, header) => new LlamaCompletionWriter(draft, header),
    };

    /// <summary>POST /infill: what stands before the gap is the extra files, input_prefix and prompt, in this order.
    /// </summary>
    public static ChatOperation Infill { get; } = new()
    {
        Summary = "Fills a gap in a text (llama-server).",
        Fields = new FieldTable(
        [
            Field.Honoured("input_extra", "array", "Other files, each {\"filename\", \"text\"}, as context before.",
                (draft, value) => AddText(draft, string.Concat(value.Items().Select(item => ReadExtra(draft, item))))),
            Field.Honoured("input_prefix", "string", "What comes before the gap.",
                (draft, value) => AddText(draft, value.Text())),
            Field.Honoured("prompt", "string", "What comes right before the gap, after input_prefix.",
                (draft, value) => AddText(draft, value.Text())),
            Field.Honoured("input_suffix", "string", "What comes after the gap.",
                (draft, value) => draft.Chat = draft.Chat with { Suffix = value.Text() }),
            .. Shared,
        ]),
        Complete = draft =>
        {
            if (draft.Chat.Text is null && draft.Chat.Suffix is null)
                throw new RequestException("input_prefix", "input_prefix and input_suffix are missing");
            draft.Chat = draft.Chat with { Text = draft.Chat.Text ?? "", Suffix = draft.Chat.Suffix ?? "" };
            Complete(draft);
        },
        CreateWriter = (draft, header) => new LlamaCompletionWriter(draft, header),
    };

    private static string ReadExtra(RequestDraft draft, WireValue item)
    {
        foreach ((string name, WireValue member) in item.Members())
        {
            if (!ExtraFields.Contains(name))
                draft.Ignore(member.Path);
        }

        string file = item.Member("filename")?.Text() is { Length: > 0 } filename ? $"{filename}\n" : "";
        return $"{SnippetMark}{file}{item.Required("text").Text()}";
    }

    private static void AddText(RequestDraft draft, string text) =>
        draft.Chat = draft.Chat with { Text = draft.Chat.Text + text };

    /// <summary>Ids come with the scored tokens, so that they are asked for where ids are.</summary>
    private static void Complete(RequestDraft draft)
    {
        int? top = draft.Chat.TopLogprobs ?? (draft.ReturnTokens ? 0 : null);
        draft.Chat = draft.Chat with { SeparateThought = false, TopLogprobs = top };
    }
}
