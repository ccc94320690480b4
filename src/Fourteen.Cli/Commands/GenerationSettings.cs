using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Cli.Commands;

/// <summary>
/// What the user said about a generation. Null is "not said": there the model's own default applies, which only the
/// loaded model knows.
/// </summary>
public sealed record GenerationSettings
{
    /// <summary>Worker threads, 1 or more.</summary>
    public int? Threads { get; init; }

    /// <summary>Context in tokens.</summary>
    public int? ContextTokens { get; init; }

    public double? Temperature { get; init; }

    public int? TopK { get; init; }

    public double? TopP { get; init; }

    public double? MinP { get; init; }

    public double? TypicalP { get; init; }

    public double? TopNSigma { get; init; }

    public double? RepetitionPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public double? FrequencyPenalty { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Tokens of the answer at most.</summary>
    public int? TokensMax { get; init; }

    /// <summary>Texts that end the answer; not empty ones.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>Whether the model thinks before it answers.</summary>
    public bool? Think { get; init; }

    /// <summary>Tokens of the thought at most; 0 is no thought.</summary>
    public int? ThinkBudgetTokens { get; init; }

    /// <summary>Storage type of the KV cache.</summary>
    public KvType? KvType { get; init; }

    /// <summary>Activations and KV cache in float32 on every path.</summary>
    public bool Precise { get; init; }

    /// <summary>Whether weights are copied into the layout of the fast kernels.</summary>
    public bool Repack { get; init; } = true;

    /// <summary>Scaling of positions.</summary>
    public RopeOptions Rope { get; init; } = new();
}
