using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ4_NL: 32 elements of 4 bits that index sixteen unevenly spaced levels. Value = d · level; nibbles as in Q4_0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ4_NL
{
    internal const int Elements = 32;

    internal Half Scale;
    internal fixed byte Quants[16];

    /// <summary><c>kvalues_iq4nl</c> of ggml.</summary>
    internal static ReadOnlySpan<sbyte> Levels =>
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ4_NL*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int i = 0; i < 16; i++)
            {
                target[i] = d * Levels[block->Quants[i] & 15];
                target[i + 16] = d * Levels[block->Quants[i] >> 4];
            }
        }
    }
}
