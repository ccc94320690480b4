using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q8_0: 32 elements of 8 bits with one scale. Value = q · d.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_0
{
    internal const int Elements = 32;

    internal Half Scale;
    internal fixed sbyte Quants[32];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ8_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < Elements; i++)
                target[i] = block->Quants[i] * d;
        }
    }
}
