using Fourteen.Engine.Answers.ToolCalls;

namespace Fourteen.Engine.Answers;

/// <summary>When an answer ends and what of it is shown. Immutable.</summary>
public sealed record AnswerOptions
{
    /// <summary>
    /// The ids that end a message; models have several (Qwen3: <c>&lt;|im_end|&gt;</c> and end of text).
    /// </summary>
    public required IReadOnlyList<int> StopTokens { get; init; }

    /// <summary>
    /// Texts that end the answer and are not part of it. They do not apply to the thought: it is not what the caller
    /// asked to bound, and ending there would leave the answer empty; nor to calls of tools, which would break.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Whether the stop string that ends the answer is shown as its end.</summary>
    public bool ShowsStopString { get; init; }

    /// <summary>
    /// Tokens that are generated before the answer may end by itself: see <see cref="AnswerAssembler.EndAllowed"/>.
    /// </summary>
    public int TokensMin { get; init; }

    /// <summary>Most generated tokens, at least 1; null is no limit.</summary>
    public int? TokensMax { get; init; }

    /// <summary>How the model's thoughts look and are limited.</summary>
    public ThinkingOptions Thinking { get; init; } = ThinkingOptions.None;

    /// <summary>How calls of tools are found; null where there are none, so that all is text.</summary>
    public ToolCallOptions? Tools { get; init; }

    /// <summary>
    /// Whether a grammar binds the answer. It begins behind the thought: a call that begins inside a thought then only
    /// closes it, and the model writes the call behind it, as the grammar wants it.
    /// </summary>
    public bool IsConstrained { get; init; }

    /// <summary>What is wrong with the options as a sentence that names it, or null.</summary>
    public string? FindProblem()
    {
        if (TokensMax < 1)
            return $"The limit of generated tokens must be 1 or more, or absent, found {TokensMax}.";
        if (TokensMin < 0 || TokensMin > TokensMax)
        {
            return "The least number of generated tokens must be 0 or more and not above their limit, "
                + $"found {TokensMin}.";
        }

        if (Thinking.AnswerTokensMin >= TokensMax)
        {
            return $"The tokens kept for the answer must be fewer than the limit of {TokensMax} generated tokens, "
                + $"found {Thinking.AnswerTokensMin}; ask for fewer, or raise the limit.";
        }

        return Answers.StopStrings.FindProblem(StopStrings) ?? Thinking.FindProblem() ?? Tools?.FindProblem();
    }
}
