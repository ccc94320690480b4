using Fourteen.Engine.Answers;
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
    SchedulingOptions Scheduling);
