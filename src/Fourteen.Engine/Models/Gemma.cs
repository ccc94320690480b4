using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>
/// Gemma, first generation: embeddings scaled by √hidden and a gate of GELU; its converter to GGUF has added the one
/// that its norm weights lack in Hugging Face folders.
/// </summary>
internal static class Gemma
{
    internal static Architecture Row { get; } = new("gemma", RopePairs.Halves)
    {
        ScaledEmbedding = true,
        Activation = GateActivation.GeluTanh,
    };
}
