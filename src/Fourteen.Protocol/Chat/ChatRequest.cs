using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Chat;

/// <summary>What is asked of a model. The prompt is either <see cref="Messages"/> or <see cref="Text"/>.</summary>
public sealed record ChatRequest
{
    /// <summary>The conversation, rendered by the model's chat template; ignored where <see cref="Text"/> is set.
    /// </summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];

    /// <summary>A prompt that is taken as it is, without a template.</summary>
    public string? Text { get; init; }

    /// <summary>Tools in the form of OpenAI's API, handed to the template; null for none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Whether to think: null leaves it to the model and its template.</summary>
    public bool? Think { get; init; }

    /// <summary>Most tokens of a thought; 0 for none, null for no limit.</summary>
    public int? ThinkBudget { get; init; }

    /// <summary>Most generated tokens; null for as many as the context holds.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Go on past the tokens that end a message, up to <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingSettings Sampling { get; init; } = new();
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

    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    /// <summary>Null draws a seed of its own for each request.</summary>
    public ulong? Seed { get; init; }
}
