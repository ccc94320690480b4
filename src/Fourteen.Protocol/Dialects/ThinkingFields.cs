using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Dialects;

/// <summary>Limits of a thought that every dialect takes, and what degrees of effort mean.</summary>
internal static class ThinkingFields
{
    /// <summary>
    /// Tokens of thought by the effort that is asked for. Models that think by a switch alone, as Qwen3 does, know no
    /// degrees; a short thought is what the lower ones ask for.
    /// </summary>
    private static readonly Dictionary<string, int?> ThoughtTokens = new()
    {
        ["low"] = 1024,
        ["medium"] = 8192,
        ["high"] = null,
        ["xhigh"] = null,
        ["max"] = null,
    };

    internal static Field TimeMax { get; } = Field.Honoured(
        "max_think_ms", "integer", "Milliseconds that a thought may take.",
        (draft, value) => draft.Chat = draft.Chat with
        {
            ThinkTimeMax = TimeSpan.FromMilliseconds(value.Integer(0, int.MaxValue)),
        });

    internal static Field AnswerReserve { get; } = Field.Honoured(
        "min_answer_tokens", "integer", "Tokens of the answer's limit that a thought leaves for the answer.",
        (draft, value) => draft.Chat = draft.Chat with { MinAnswerTokens = value.Integer(0, int.MaxValue) });

    /// <summary>A word that the table does not have, such as "none", asks for no thought.</summary>
    internal static ChatRequest WithEffort(ChatRequest chat, string effort)
    {
        bool thinks = ThoughtTokens.TryGetValue(effort, out int? budget);
        return chat with { Think = thinks, ThinkBudget = budget };
    }
}
