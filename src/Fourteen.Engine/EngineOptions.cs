using Fourteen.Engine.Models;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine;

/// <summary>How the engine of a process works.</summary>
public sealed record EngineOptions
{
    /// <summary>Workers, the engine thread included.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Tokens of one step over all sequences of a model: enough for the kernels to reuse each weight many times, few
    /// enough that a step stays short.
    /// </summary>
    public int StepTokens { get; init; } = 512;

    /// <summary>
    /// Milliseconds that a running stream may wait for a step: beside it, steps take in as many tokens of prompts as
    /// are expected to fit, though <see cref="Scheduling.StepCosts.PromptTokensMin"/> always. Half a second is felt as
    /// a pause and not yet as a fault.
    /// </summary>
    public int MaxInterTokenMs { get; init; } = 500;

    /// <summary>
    /// Milliseconds that a step is expected to take at most while nobody streams: who comes meanwhile waits for its
    /// end. A model of 14 billion parameters reads some 130 tokens in that time on two cores, as fast by the token as
    /// 512 (docs/performance.md).
    /// </summary>
    public int MaxQuietStepMs { get; init; } = 4000;

    /// <summary>
    /// How long a reader may leave no room for more before its sequence ends with a
    /// <see cref="RequestException"/>: long for a network that stumbles, short beside what a forgotten connection
    /// holds; the greatest value is for ever.
    /// </summary>
    public TimeSpan ReaderDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The kernels' instruction set.</summary>
    public IsaPath Isa { get; init; } = Kernels.Lanes.Isa.Selected;
}

/// <summary>How one model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>
    /// Positions of one sequence; null for what the model was made for or, with a scaling in <see cref="Rope"/>, what
    /// that reaches.
    /// </summary>
    public int? Context { get; init; }

    /// <summary>Scaling of positions beyond what the file states.</summary>
    public RopeOptions Rope { get; init; } = new();

    /// <summary>Sequences that run at once; more wait.</summary>
    public int SequencesMax { get; init; } = 1;

    /// <summary>
    /// Sequences that may wait; one more is refused with a <see cref="RequestException"/>. Prompts wait as numbers, a
    /// few hundred KB each at most, and a line of 256 lasts longer than clients wait.
    /// </summary>
    public int QueueMax { get; init; } = 256;

    /// <summary>
    /// Positions that the cache holds of all sequences together, at least those of one; null for
    /// <see cref="SequencesMax"/> whole contexts. Where running sequences outgrow it, one of them waits and is
    /// computed again. Memory is taken as it is needed and kept.
    /// </summary>
    public long? KvTokensMax { get; init; }

    /// <summary>Whether sequences share keys and values of equal beginnings, also with those that have ended.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Positions that are kept of sequences that have ended, within the cache's; null for one context, so that the
    /// memory that is taken beside the running sequences' stays that of one more.
    /// </summary>
    public long? PrefixTokensMax { get; init; }

    /// <summary>How keys and values are stored; <see cref="Precise"/> stores them as floats, whatever this says.
    /// </summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Multiply in 32-bit floats with a 32-bit cache, whatever the weights' type.</summary>
    public bool Precise { get; init; }

    /// <summary>
    /// Whether weights are copied into the layout of the fast kernels; else they stay in the mapped file and products
    /// are computed in 32-bit floats, many times slower.
    /// </summary>
    public bool Repack { get; init; } = true;

    /// <summary>Where nothing else is said, each sequence has blocks for its whole context, the last one partly used.
    /// </summary>
    internal long CacheTokens(int context)
    {
        long whole = ((long)context + KvStore.BlockTokens - 1) / KvStore.BlockTokens * KvStore.BlockTokens;
        return KvTokensMax ?? (whole * SequencesMax);
    }

    internal KvType CacheType => Precise ? KvType.F32 : KvType;
}
