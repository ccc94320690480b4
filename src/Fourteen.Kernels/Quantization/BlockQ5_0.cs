using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q5_0: 32 elements of 5 bits with one scale. Value = (q − 16) · d; the low four bits are nibbles as in Q4_0, the
/// fifth bit of element i is bit i of <c>HighBits</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_0
{
    internal const int Elements = 32;

    internal Half Scale;
    internal uint HighBits;
    internal fixed byte Quants[16];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ5_0*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            uint high = block->HighBits;
            for (int i = 0; i < 16; i++)
            {
                int first = (block->Quants[i] & 15) | (int)((high >> i) & 1) << 4;
                int second = (block->Quants[i] >> 4) | (int)((high >> (i + 16)) & 1) << 4;
                target[i] = (first - 16) * d;
                target[i + 16] = (second - 16) * d;
            }
        }
    }
}
