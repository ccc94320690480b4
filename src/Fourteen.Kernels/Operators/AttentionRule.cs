namespace Fourteen.Kernels.Operators;

/// <summary>What a layer's attention does with its scores.</summary>
/// <param name="Scale">Multiplies each product of a query and a key; usually 1 / √headDim.</param>
/// <param name="Window">
/// Positions that a query sees, its own included: the query at position p sees p − Window + 1 … p, as in transformers.
/// 0: all positions up to its own.
/// </param>
/// <param name="SoftCap">Scores become c · tanh(score / c) before the softmax, as in Gemma 2. 0: they stay.</param>
public readonly record struct AttentionRule(float Scale, int Window = 0, float SoftCap = 0f)
{
    /// <summary>The first position that the query at <paramref name="position"/> sees.</summary>
    internal int FirstVisible(int position) => Window == 0 ? 0 : Math.Max(0, position - Window + 1);
}
