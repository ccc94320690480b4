using Fourteen.Engine.Answers;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;

namespace Fourteen.Engine.Scheduling;

/// <summary>A generation that was checked: tokens, and how to go on from them.</summary>
/// <param name="Prompt">Ids.</param>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="Answer">Where the answer ends.</param>
/// <param name="Rope">How positions are turned.</param>
/// <param name="Room">Positions that prompt and answer may fill.</param>
/// <param name="Scheduling">When it is computed, and with whom it shares.</param>
public sealed record GenerationPlan(
    int[] Prompt, SamplingOptions Sampling, AnswerOptions Answer, RopeFrequencies Rope, int Room,
    SchedulingOptions Scheduling)
{
    /// <summary>What the answer must be; null where it is free.</summary>
    public CompiledConstraint? Constraint { get; init; }

    /// <summary>Likely tokens to tell at each place of the answer, with the token's own score; null for none.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>The same for the prompt.</summary>
    public int? PromptLogprobs { get; init; }
}
