using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>
/// Fields that OpenAI's two generating endpoints share, with those that vLLM and llama-server add to them.
/// </summary>
internal static class OpenAiFields
{
    /// <summary>Likely tokens at one place that may be asked for, as in OpenAI's API.</summary>
    internal const int TopLogprobsMax = 20;

    /// <summary>Answers to one prompt: each is a sequence of its own with a cache of its own.</summary>
    private const int ChoicesMax = 16;

    /// <summary>Who asks for this many tokens wants no limit.</summary>
    private const int TokensMax = 1 << 24;

    private static readonly FieldTable StreamOptions = new(
        Field.Honoured("include_usage", "boolean", "Whether the last piece of a stream carries the usage.",
            (draft, value) => draft.IncludeUsage = value.Flag()),
        Field.Harmless("include_obfuscation", "Nothing is padded."),
        Field.RefusedUnless("continuous_usage_stats", "false", "usage comes once, at the end."));

    private static readonly FieldTable StructuredOutputs = new(
        Field.Honoured("json", "object", "A JSON Schema.", (draft, value) => Constrain(
            draft, value, new JsonSchemaConstraint(SchemaOf(value)))),
        Field.Honoured("regex", "string", "A regular expression.", (draft, value) => Constrain(
            draft, value, new RegexConstraint(value.Text()))),
        Field.Honoured("choice", "array", "One of these texts.", (draft, value) => Constrain(
            draft, value, new ChoiceConstraint(value.Texts()))),
        Field.Honoured("grammar", "string", "A grammar in llama.cpp's form, GBNF.", (draft, value) => Constrain(
            draft, value, new GrammarConstraint(value.Text()))),
        Field.Honoured("json_object", "boolean", "Any JSON object.", (draft, value) =>
        {
            if (value.Flag())
                Constrain(draft, value, new JsonObjectConstraint());
        }),
        Field.RefusedUnless("disable_any_whitespace", "false", "white space between tokens is bounded, not forbidden."),
        Field.RefusedUnless("disable_fallback", "true", "there is no other engine to fall back to."),
        Field.Harmless("whitespace_pattern", "White space between tokens is bounded by a rule of its own."),
        Field.Refused("structural_tag", "use tools, or a grammar."));

    private static readonly FieldTable Options = new(ServingFields.Context);

    /// <summary>What both endpoints have.</summary>
    internal static IEnumerable<Field> Shared { get; } =
    [
        Field.Honoured("stream", "boolean", "Whether the answer comes as server-sent events.",
            (draft, value) => draft.Stream = value.Flag()),
        Field.Object("stream_options", "What a stream carries beside the answer.", StreamOptions),
        Field.Honoured("n", "integer", "Independent answers to the same prompt.",
            (draft, value) => draft.Chat = draft.Chat with { Choices = value.Integer(1, ChoicesMax) }),
        Field.Honoured("stop", "string or array", "Texts that end the answer and are not part of it.",
            (draft, value) => draft.Chat = draft.Chat with { Stop = value.Texts() }),
        Field.Honoured("stop_token_ids", "array", "Tokens that end the answer beside the model's own.",
            (draft, value) => draft.Chat = draft.Chat with
            {
                StopTokens = [.. value.Items().Select(item => item.Integer(0, int.MaxValue))],
            }),
        Field.Honoured("include_stop_str_in_output", "boolean", "Whether the stop text becomes part of the answer.",
            (draft, value) => draft.Chat = draft.Chat with { IncludeStop = value.Flag() }),
        Field.Honoured("max_tokens", "integer", "Most generated tokens, thought included.", ReadTokensMax),
        Field.Honoured("n_predict", "integer", "llama-server's name for max_tokens; -1 for no limit.", ReadTokensMax),
        Field.Honoured("min_tokens", "integer", "Tokens before which the answer does not end by itself.",
            (draft, value) => draft.Chat = draft.Chat with { MinTokens = value.Integer(0, TokensMax) }),
        Field.Honoured("ignore_eos", "boolean", "Go on past the tokens that end a message.",
            (draft, value) => draft.Chat = draft.Chat with { IgnoreEnd = value.Flag() }),
        .. SamplingFields.All,
        Field.Honoured("prompt_logprobs", "integer", "Likely tokens at each place of the prompt; vLLM's form.",
            (draft, value) => draft.Chat = draft.Chat with { PromptLogprobs = value.Integer(0, TopLogprobsMax) }),
        Field.Object("structured_outputs", "What the answer must be; one member at most.", StructuredOutputs),
        Field.Honoured("guided_json", "object", "vLLM's older name for structured_outputs.json.",
            (draft, value) => Constrain(draft, value, new JsonSchemaConstraint(SchemaOf(value)))),
        Field.Honoured("guided_regex", "string", "vLLM's older name for structured_outputs.regex.",
            (draft, value) => Constrain(draft, value, new RegexConstraint(value.Text()))),
        Field.Honoured("guided_choice", "array", "vLLM's older name for structured_outputs.choice.",
            (draft, value) => Constrain(draft, value, new ChoiceConstraint(value.Texts()))),
        Field.Honoured("guided_grammar", "string", "vLLM's older name for structured_outputs.grammar.",
            (draft, value) => Constrain(draft, value, new GrammarConstraint(value.Text()))),
        Field.Honoured("grammar", "string", "llama-server's name for structured_outputs.grammar.",
            (draft, value) => Constrain(draft, value, new GrammarConstraint(value.Text()))),
        Field.Honoured("json_schema", "object", "llama-server's name for structured_outputs.json.",
            (draft, value) => Constrain(draft, value, new JsonSchemaConstraint(SchemaOf(value)))),
        Field.Honoured("response_format", "object", "text, json_object or json_schema.", ReadResponseFormat),
        .. ServingFields.Scheduling,
        ServingFields.ContextOverflow,
        Field.Object("options", "Of Ollama's options, num_ctx.", Options),
        ServingFields.Context,
        ServingFields.KeepAlive,
        Field.Honoured("timings_per_token", "boolean", "Whether a stream carries timings, in its last piece.",
            (draft, value) => draft.TimingsPerToken = value.Flag()),
        Field.Honoured("return_progress", "boolean", "Whether a stream tells how much of the prompt is computed.",
            (draft, value) => draft.ReturnProgress = value.Flag()),
        Field.Harmless("user", "Callers are told apart by their keys."),
        Field.Harmless("metadata", "Nothing is stored."),
        Field.Harmless("safety_identifier", "Callers are told apart by their keys."),
        Field.Harmless("prompt_cache_key", "Every computed beginning is found by its content."),
        Field.Harmless("prompt_cache_retention", "The cache keeps what was used last."),
        Field.Harmless("service_tier", "There is one; see priority."),
        Field.Harmless("request_id", "Responses have an id of their own."),
        Field.Harmless("session_id", "Every computed beginning is found by its content."),
        Field.Harmless("prediction", "A hint that changes no answer."),
        Field.RefusedUnless("store", "false", "nothing is stored."),
        Field.RefusedUnless("best_of", "1", "use n, and choose."),
        Field.RefusedUnless("use_beam_search", "false", "tokens are drawn."),
        Field.Harmless("length_penalty", "It belongs to beam search."),
        Field.RefusedUnless("skip_special_tokens", "true", "tokens that steer are never text."),
        Field.RefusedUnless("spaces_between_special_tokens", "true", "tokens that steer are never text."),
        Field.RefusedUnless("return_tokens_as_token_ids", "false", "tokens are named by their text."),
        Field.Refused("truncate_prompt_tokens", "nothing is cut off in silence; see context_overflow."),
        Field.Refused("allowed_token_ids", "use a grammar."),
        Field.Refused("logprob_token_ids", "use top_logprobs."),
        Field.Refused("bad_words", "use logit_bias."),
        Field.Refused("kv_transfer_params", "there is one engine."),
        Field.Refused("lora", "adapters are not served yet."),
        Field.Harmless("id_slot", "Sequences share one cache."),
        Field.RefusedUnless("n_keep", "0", "nothing is cut off in silence; see context_overflow."),
        Field.Harmless("n_cache_reuse", "Blocks of the cache are reused by their content."),
        Field.Harmless("sse_ping_interval", "Comments are sent while nothing else comes."),
    ];

    internal static void Constrain(RequestDraft draft, WireValue value, OutputConstraint constraint)
    {
        if (draft.Chat.Constraint is not null)
            throw new RequestException(value.Path, $"{value.Path}: an answer has one constraint at most, found two");
        draft.Chat = draft.Chat with { Constraint = constraint };
    }

    /// <summary>With "logprobs", which comes before it in a table.</summary>
    internal static void ReadTopLogprobs(RequestDraft draft, WireValue value)
    {
        int top = value.Integer(0, TopLogprobsMax);
        if (draft.Chat.TopLogprobs is not null)
            draft.Chat = draft.Chat with { TopLogprobs = top };
        else if (top > 0)
            throw new RequestException(value.Path, $"{value.Path} needs \"logprobs\": true");
    }

    internal static void ReadTokensMax(RequestDraft draft, WireValue value)
    {
        int tokens = value.Integer(-1, int.MaxValue);
        if (tokens == 0)
            throw value.Wrong("1 or more");
        draft.Chat = draft.Chat with { MaxTokens = tokens < 0 || tokens >= TokensMax ? null : tokens };
    }

    /// <summary>llama-server's and vLLM's clients send schemas as text too.</summary>
    internal static JsonNode SchemaOf(WireValue value)
    {
        if (value.IsText)
        {
            return WireJson.TryParse(value.Text(), out JsonNode? schema) && schema is not null
                ? schema
                : throw value.Wrong("a JSON Schema, or one as text");
        }

        return value.IsObject || value.IsFlag ? value.Node()! : throw value.Wrong("a JSON Schema"); // Not null by kind.
    }

    private static void ReadResponseFormat(RequestDraft draft, WireValue value)
    {
        switch (value.Required("type").Word("text", "json_object", "json_schema"))
        {
            case "json_object" when value.Member("schema") is { } schema:
                Constrain(draft, value, new JsonSchemaConstraint(SchemaOf(schema)));
                break;
            case "json_object":
                Constrain(draft, value, new JsonObjectConstraint());
                break;
            case "json_schema":
                WireValue holder = value.Member("json_schema") ?? value; // llama-server takes the schema here too.
                Constrain(draft, value, new JsonSchemaConstraint(SchemaOf(holder.Required("schema"))));
                break;
        }
    }
}
