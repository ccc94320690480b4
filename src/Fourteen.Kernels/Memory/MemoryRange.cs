namespace Fourteen.Kernels.Memory;

/// <summary>The bounds check that both kinds of memory share.</summary>
internal static class MemoryRange
{
    /// <summary>Throws unless [offset, offset + length) lies in [0, available).</summary>
    internal static void Check(long offset, int length, long available)
    {
        // In this order nothing overflows, whatever the three numbers are.
        if (offset < 0 || length < 0 || offset > available || length > available - offset)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"The range of {length} bytes at {offset} is not in the {available} bytes there are.");
        }
    }
}
