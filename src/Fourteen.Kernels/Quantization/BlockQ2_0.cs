using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q2_0: 64 elements of 2 bits with one scale, four neighbours to a byte. Value = (q − 1) · d.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ2_0
{
    internal const int Elements = 64;

    internal Half Scale;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ2_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < Elements; i++)
                target[i] = (((block->Quants[i / 4] >> (2 * (i % 4))) & 3) - 1) * d;
        }
    }
}
