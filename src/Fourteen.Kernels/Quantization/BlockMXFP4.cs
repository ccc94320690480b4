using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// MXFP4: 32 elements of FP4 (E2M1) with a power of two as scale. Value = 2^(e − 128) · level: the levels are stored
/// doubled, hence 128 in place of 127. Nibbles as in Q4_0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockMXFP4
{
    internal const int Elements = 32;

    internal byte Exponent;
    internal fixed byte Quants[16];

    /// <summary>The sixteen values of E2M1, doubled so that they are whole.</summary>
    internal static ReadOnlySpan<sbyte> Levels => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>2^(e − 128); for e of 0 and 1 that is a subnormal float.</summary>
    private static float PowerOfTwo(byte e) =>
        BitConverter.UInt32BitsToSingle(e < 2 ? 0x0020_0000u << e : (uint)(e - 1) << 23);

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockMXFP4*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = PowerOfTwo(block->Exponent);
            for (int i = 0; i < 16; i++)
            {
                target[i] = d * Levels[block->Quants[i] & 15];
                target[i + 16] = d * Levels[block->Quants[i] >> 4];
            }
        }
    }
}
