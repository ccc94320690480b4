using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q4_1: 32 elements of 4 bits with scale and minimum. Value = q · d + m; nibbles as in Q4_0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_1
{
    internal const int Elements = 32;

    internal Half Scale;
    internal Half Minimum;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ4_1*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            float m = (float)block->Minimum;
            for (int i = 0; i < 16; i++)
            {
                target[i] = (block->Quants[i] & 15) * d + m;
                target[i + 16] = (block->Quants[i] >> 4) * d + m;
            }
        }
    }
}
