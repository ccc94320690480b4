using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>
/// Phi-3 and Phi-4: query, key and value in one matrix, gate and up in another; the mini models turn a part of each
/// head, by factors that depend on the length of the sequence (longrope).
/// </summary>
internal static class Phi3
{
    internal static Architecture Row { get; } = new("phi3", RopePairs.Halves) { FusedProjections = true };
}
