using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;

namespace Fourteen.Engine.Models;

/// <summary>Cosines and sines of a step's rows, [tokens, pairs] each. Owned by the engine thread.</summary>
internal sealed class Angles(int tokensMax, int pairs) : IDisposable
{
    internal FloatMatrix Cos { get; } = new(tokensMax, pairs);

    internal FloatMatrix Sin { get; } = new(tokensMax, pairs);

    /// <summary>Makes room for a step of so many rows.</summary>
    internal void Begin(int tokens)
    {
        Cos.Rows = tokens;
        Sin.Rows = tokens;
    }

    /// <summary>Fills the rows of one sequence.</summary>
    internal void Turn(RopeFrequencies rope, in AttentionSpan span)
    {
        for (int i = 0; i < span.Count; i++)
            rope.Turn(span.FirstPosition + i, Cos.Row(span.FirstRow + i), Sin.Row(span.FirstRow + i));
    }

    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }
}
