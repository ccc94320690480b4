using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary>
/// What the user said about a generation. Null is "not said": there the model's own default applies, which only the
/// loaded model knows.
/// </summary>
public sealed record GenerationSettings
{
    /// <summary>Worker threads, 1 or more.</summary>
    public int? Threads { get; init; }

    /// <summary>Context in tokens.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>What is asked of the model, without a prompt.</summary>
    public ChatRequest Request { get; init; } = new();

    /// <summary>Storage type of the KV cache.</summary>
    public KvType? KvType { get; init; }

    /// <summary>Activations and KV cache in float32 on every path.</summary>
    public bool Precise { get; init; }

    /// <summary>Whether weights are copied into the layout of the fast kernels.</summary>
    public bool Repack { get; init; } = true;

    /// <summary>Scaling of positions.</summary>
    public RopeOptions Rope { get; init; } = new();
}
