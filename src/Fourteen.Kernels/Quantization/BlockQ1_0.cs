using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q1_0: 128 elements of one bit with one scale. Value = +d where bit i % 8 of byte i / 8 is set, else −d.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ1_0
{
    internal const int Elements = 128;

    internal Half Scale;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ1_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < Elements; i++)
                target[i] = ((block->Quants[i / 8] >> (i % 8)) & 1) != 0 ? d : -d;
        }
    }
}
