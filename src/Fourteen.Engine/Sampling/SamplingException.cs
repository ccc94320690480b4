namespace Fourteen.Engine.Sampling;

/// <summary>
/// Logits that no token can be drawn from: one is not a number, or every token is ruled out. The message says which.
/// </summary>
public sealed class SamplingException(string message) : InvalidOperationException(message);
