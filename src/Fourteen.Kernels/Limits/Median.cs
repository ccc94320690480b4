namespace Fourteen.Kernels.Limits;

/// <summary>The middle of some measurements, which one that was disturbed does not move.</summary>
public static class Median
{
    /// <summary>The median, the upper one of two; there must be a value.</summary>
    public static double Of(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
