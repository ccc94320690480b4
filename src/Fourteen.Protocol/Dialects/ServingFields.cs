using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Dialects;

/// <summary>Fields that say how a request is served, not what is asked; every dialect takes them.</summary>
internal static class ServingFields
{
    internal static Field Model { get; } = Field.Honoured(
        "model", "string", "The name of a served model; without it, the one that was loaded first.",
        (draft, value) => draft.Chat = draft.Chat with { Model = value.Text() });

    internal static Field ContextOverflow { get; } = Field.Honoured(
        "context_overflow", "string", "error, drop_oldest or middle_out; the response lists what was dropped.",
        (draft, value) => draft.Chat = draft.Chat with
        {
            ContextOverflow = value.Word("error", "drop_oldest", "middle_out") switch
            {
                "drop_oldest" => Chat.ContextOverflow.DropOldest,
                "middle_out" => Chat.ContextOverflow.MiddleOut,
                _ => Chat.ContextOverflow.Error,
            },
        });

    internal static Field Context { get; } = Field.Honoured(
        "num_ctx", "integer", "Most positions of prompt and answer together.",
        (draft, value) => draft.Chat = draft.Chat with { ContextMax = value.Integer(1, int.MaxValue) });

    internal static Field KeepAlive { get; } = Field.Honoured(
        "keep_alive", "string or number", "How long the model stays loaded after this request; negative for ever.",
        (draft, value) => draft.KeepAlive = Durations.Read(value));

    /// <summary>When a request is computed, and with whom it shares.</summary>
    internal static IEnumerable<Field> Scheduling { get; } =
    [
        Field.Honoured("priority", "integer", "Lower values are computed first.",
            (draft, value) => draft.Chat = draft.Chat with { Priority = value.Integer(-1000, 1000) }),
        Field.Honoured("cache_salt", "string", "Computed prompts are shared only among requests with the same salt.",
            (draft, value) => draft.Chat = draft.Chat with { CacheSalt = value.Text() }),
        Field.Honoured("cache_prompt", "boolean", "Whether computed beginnings of prompts are reused.",
            (draft, value) => draft.Chat = draft.Chat with { CachePrompt = value.Flag() }),
    ];
}
