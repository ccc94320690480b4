using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>Qwen2 and Qwen2.5, dense: biases on query, key and value, none on the others, no norm on heads.</summary>
internal static class Qwen2
{
    internal static Architecture Row { get; } = new("qwen2", RopePairs.Halves) { QueryKeyValueBias = true };
}
