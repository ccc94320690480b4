using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q8_1: as Q8_0, with d · Σ q beside it for the minimum of the other factor. Value = q · d. A format of activations.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_1
{
    internal const int Elements = 32;

    internal Half Scale;
    internal Half ScaledSum;
    internal fixed sbyte Quants[32];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ8_1*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < Elements; i++)
                target[i] = block->Quants[i] * d;
        }
    }
}
