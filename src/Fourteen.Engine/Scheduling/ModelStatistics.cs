namespace Fourteen.Engine.Scheduling;

/// <summary>What a model is doing and has done since it was loaded, as of the end of its last step.</summary>
public sealed record ModelStatistics
{
    /// <summary>
    /// Upper ends of the ranges of <see cref="StepCounts"/> in seconds; the last range has none. Steps last from
    /// fractions of a millisecond for tiny models to seconds for long prompts of large ones.
    /// </summary>
    public static IReadOnlyList<double> StepSecondsRanges { get; } =
        [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    /// <summary>Sequences that are in steps.</summary>
    public required int Running { get; init; }

    /// <summary>Sequences that wait for a place, those included that the engine has not looked at yet.</summary>
    public required int Waiting { get; init; }

    /// <summary>Blocks of the KV cache.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Blocks that sequences refer to; 0 when there are none.</summary>
    public required int KvBlocksInUse { get; init; }

    /// <summary>Blocks that no sequence refers to and whose content can be found again.</summary>
    public required int KvBlocksCached { get; init; }

    /// <summary>Tokens of prompts that were looked for in the prefix cache.</summary>
    public required long PrefixTokensQueried { get; init; }

    /// <summary>Those that were there.</summary>
    public required long PrefixTokensHit { get; init; }

    /// <summary>Tokens of prompts that were computed, once more after a preemption.</summary>
    public required long PromptTokensComputed { get; init; }

    /// <summary>Tokens that were appended to prompts.</summary>
    public required long TokensGenerated { get; init; }

    /// <summary>How often a sequence lost its place to another.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Sequences that came to their end.</summary>
    public required long Finished { get; init; }

    /// <summary>Sequences that were given up.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Sequences that an error ended.</summary>
    public required long Failed { get; init; }

    /// <summary>Sequences that found the queue full.</summary>
    public required long Refused { get; init; }

    /// <summary>Steps.</summary>
    public required long Steps { get; init; }

    /// <summary>What all steps took.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>What the last step took.</summary>
    public required double LastStepSeconds { get; init; }

    /// <summary>Steps by duration, one number for each of <see cref="StepSecondsRanges"/> and one above.</summary>
    public required IReadOnlyList<long> StepCounts { get; init; }

    /// <summary>New tokens a second of the last steps with streams, of all of these together.</summary>
    public required double DecodeTokensPerSecond { get; init; }

    /// <summary>Tokens of prompts a second of the last steps that had some.</summary>
    public required double PrefillTokensPerSecond { get; init; }
}
