using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q6_K: 256 elements of 6 bits; sub-blocks of 16 with an 8-bit scale. Value = (d · scale) · (q − 32). In each half of
/// 128 elements, sub-row g of 32 has its low nibbles in bytes 32·(g % 2) + l of <c>LowBits</c> (high half of the byte
/// for g ≥ 2) and its upper two bits at 2·g of byte l of <c>HighBits</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ6_K
{
    internal const int Elements = 256;

    internal fixed byte LowBits[128];
    internal fixed byte HighBits[64];
    internal fixed sbyte Scales[16];
    internal Half Scale;

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ6_K*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 16; group++)
            {
                float scale = d * block->Scales[group];
                int subRow = group % 8 / 2;
                byte* low = block->LowBits + 64 * (group / 8) + 32 * (subRow % 2) + 16 * (group % 2);
                byte* high = block->HighBits + 32 * (group / 8) + 16 * (group % 2);
                for (int l = 0; l < 16; l++)
                {
                    int q = ((low[l] >> (4 * (subRow / 2))) & 15) | ((high[l] >> (2 * subRow)) & 3) << 4;
                    target[16 * group + l] = scale * (q - 32);
                }
            }
        }
    }
}
