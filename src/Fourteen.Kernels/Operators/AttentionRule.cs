namespace Fourteen.Kernels.Operators;

/// <summary>Which positions a query sees, and how the product of query and key becomes a score.</summary>
/// <param name="Scale">Factor on the product.</param>
/// <param name="Window">
/// The query at position p sees positions p − Window + 1 … p, as transformers defines it; 0: all to p.
/// </param>
/// <param name="SoftCap">Scores become c · tanh(score / c); 0: they stay.</param>
public readonly record struct AttentionRule(float Scale, int Window = 0, float SoftCap = 0f);
