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

    /// <summary>Sequences of full context that the cache has blocks for.</summary>
    public int SequencesMax { get; init; } = 1;

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

    internal KvType CacheType => Precise ? KvType.F32 : KvType;
}
