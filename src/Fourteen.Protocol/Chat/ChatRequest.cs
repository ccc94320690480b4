using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Chat;

/// <summary>What happens to a conversation that does not fit the model's context.</summary>
public enum ContextOverflow
{
    /// <summary>The request fails and says by how much.</summary>
    Error,

    /// <summary>The oldest messages go, system messages stay.</summary>
    DropOldest,

    /// <summary>Messages in the middle go; the first exchange and the newest stay.</summary>
    MiddleOut,
}

/// <summary>
/// What is asked of a model. The prompt is the first of <see cref="Tokens"/>, <see cref="Text"/> and
/// <see cref="Messages"/> that is given.
/// </summary>
public sealed record ChatRequest
{
    /// <summary>The model by the name that it is served under; null for the one that is there.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation, rendered by the model's chat template.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];

    /// <summary>A prompt that is taken as it is, without a template.</summary>
    public string? Text { get; init; }

    /// <summary>A prompt as ids, taken as they are.</summary>
    public IReadOnlyList<int>? Tokens { get; init; }

    /// <summary>With <see cref="Text"/>: what comes after the gap that the answer fills.</summary>
    public string? Suffix { get; init; }

    /// <summary>Tools that may be called.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    public ToolChoice ToolChoice { get; init; } = ToolChoice.Auto;

    /// <summary>Whether one answer may hold several calls.</summary>
    public bool ParallelToolCalls { get; init; } = true;

    /// <summary>What the answer's text must be; null where it is free.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>Whether to think: null leaves it to the model and its template.</summary>
    public bool? Think { get; init; }

    /// <summary>Whether a thought comes as <see cref="ThoughtDelta"/>; else all that is generated is text, as it is.
    /// </summary>
    public bool SeparateThought { get; init; } = true;

    /// <summary>Most tokens of a thought; 0 for none, null for no limit.</summary>
    public int? ThinkBudget { get; init; }

    /// <summary>How long a thought may take from its first token; null for no limit.</summary>
    public TimeSpan? ThinkTimeMax { get; init; }

    /// <summary>Tokens of <see cref="MaxTokens"/> that a thought must leave for the answer; null leaves it to us.
    /// </summary>
    public int? MinAnswerTokens { get; init; }

    /// <summary>Further variables for the chat template; they win over those that we set.</summary>
    public JsonObject? TemplateVariables { get; init; }

    /// <summary>Go on with the last message, which is the assistant's, instead of beginning a new one.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Most generated tokens; null for as many as the context holds.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens before which the answer does not end by itself.</summary>
    public int MinTokens { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens that end the answer beside the model's own.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Whether the text that ended the answer becomes part of it.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>Go on past the tokens that end a message, up to <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Log-probabilities of each token and of this many likely ones at its place; null for none.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>The same for the tokens of the prompt.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Independent answers to the same prompt.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Lower values are computed first.</summary>
    public int Priority { get; init; }

    /// <summary>Who asks, for fairness among callers; null for nobody in particular.</summary>
    public string? Tenant { get; init; }

    /// <summary>Computed prompts are shared only among requests with the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Whether computed beginnings of prompts are taken from the cache and kept in it.</summary>
    public bool CachePrompt { get; init; } = true;

    public ContextOverflow ContextOverflow { get; init; }

    /// <summary>Most positions of prompt and answer together; null for the model's.</summary>
    public int? ContextMax { get; init; }
}

/// <summary>How tokens are drawn; null fields take the model's own defaults.</summary>
public sealed record SamplingSettings
{
    /// <summary>0 always takes the most likely token.</summary>
    public double? Temperature { get; init; }

    public int? TopK { get; init; }

    public double? TopP { get; init; }

    public double? MinP { get; init; }

    public double? TypicalP { get; init; }

    public double? TopNSigma { get; init; }

    public double? RepetitionPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? MirostatTau { get; init; }

    public double? MirostatEta { get; init; }

    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    /// <summary>Null draws a seed of its own for each request.</summary>
    public ulong? Seed { get; init; }
}
