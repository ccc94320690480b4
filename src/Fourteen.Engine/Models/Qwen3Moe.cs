namespace Fourteen.Engine.Models;

/// <summary>Qwen3 with experts in every layer (30B-A3B, 235B-A22B); the rest is as in Qwen3.</summary>
internal static class Qwen3Moe
{
    internal static Architecture Row { get; } = Qwen3.Row with { Name = "qwen3moe", Experts = ExpertUse.Always };
}
