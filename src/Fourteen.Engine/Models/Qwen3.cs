using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>Qwen3, dense: RMS norm on every query and key head, head size apart from hidden size, no biases.</summary>
internal static class Qwen3
{
    internal static Architecture Row { get; } = new("qwen3", RopePairs.Halves)
    {
        QueryKeyNorm = true,
        PaddedContext = (40_960, 32_768),
    };
}
