using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q8_K: 256 elements of 8 bits with one float scale, and the sums of each 16 quants. Value = d · q. A format of
/// activations.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_K
{
    internal const int Elements = 256;

    internal float Scale;
    internal fixed sbyte Quants[256];
    internal fixed short Sums[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ8_K*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = block->Scale;
            for (int i = 0; i < Elements; i++)
                target[i] = d * block->Quants[i];
        }
    }
}
