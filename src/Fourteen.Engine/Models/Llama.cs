using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>
/// Llama and what took its shape: SmolLM2, Mistral (with or without a sliding window) and, with experts, Mixtral. The
/// converter to GGUF permutes query and key rows, so that adjacent lanes turn together.
/// </summary>
internal static class Llama
{
    internal static Architecture Row { get; } = new("llama", RopePairs.Adjacent)
    {
        Experts = ExpertUse.WhereStated,
    };
}
