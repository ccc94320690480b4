using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// TQ2_0: 256 ternary elements of 2 bits, packed as in Q2_K, with one scale. Value = (q − 1) · d.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockTQ2_0
{
    internal const int Elements = 256;

    internal fixed byte Quants[64];
    internal Half Scale;

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockTQ2_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int row = 0; row < Elements / 32; row++)
            {
                byte* quants = block->Quants + 32 * (row / 4);
                for (int l = 0; l < 32; l++)
                    target[32 * row + l] = (((quants[l] >> (2 * (row % 4))) & 3) - 1) * d;
            }
        }
    }
}
