using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q5_1: 32 elements of 5 bits with scale and minimum. Value = q · d + m; bits as in Q5_0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_1
{
    internal const int Elements = 32;

    internal Half Scale;
    internal Half Minimum;
    internal uint HighBits;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ5_1*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            float m = (float)block->Minimum;
            uint high = block->HighBits;
            for (int i = 0; i < 16; i++)
            {
                int first = (block->Quants[i] & 15) | (int)((high >> i) & 1) << 4;
                int second = (block->Quants[i] >> 4) | (int)((high >> (i + 16)) & 1) << 4;
                target[i] = first * d + m;
                target[i + 16] = second * d + m;
            }
        }
    }
}
