namespace Fourteen.Kernels.Quantization;

/// <summary>The 6-bit scales and minimums of Q4_K and Q5_K: eight of each in twelve bytes.</summary>
internal static unsafe class KScales
{
    /// <summary>Scale and minimum of sub-block <paramref name="j"/>, 0 to 7.</summary>
    internal static (int Scale, int Minimum) Unpack(byte* packed, int j)
    {
        if (j < 4)
            return (packed[j] & 63, packed[j + 4] & 63);
        int scale = (packed[j + 4] & 15) | packed[j - 4] >> 6 << 4;
        int minimum = packed[j + 4] >> 4 | packed[j] >> 6 << 4;
        return (scale, minimum);
    }
}
