using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q4_0: 32 elements of 4 bits with one scale. Value = (q − 8) · d; element i is the low nibble of byte i for
/// i &lt; 16, else the high nibble of byte i − 16.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_0
{
    internal const int Elements = 32;

    internal Half Scale;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ4_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < 16; i++)
            {
                target[i] = ((block->Quants[i] & 15) - 8) * d;
                target[i + 16] = ((block->Quants[i] >> 4) - 8) * d;
            }
        }
    }
}
