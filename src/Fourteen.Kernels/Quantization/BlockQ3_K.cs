using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q3_K: 256 elements of 3 bits; sub-blocks of 16 with a 6-bit scale. Value = (d · (scale − 32)) · (q − 4), where the
/// third bit of q is bit i / 32 of byte i % 32 of <c>HighMask</c> and the other two lie as in Q2_K.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ3_K
{
    internal const int Elements = 256;

    internal fixed byte HighMask[32];
    internal fixed byte Quants[64];
    internal fixed byte Scales[12];
    internal Half Scale;

    /// <summary>The 6 bits of scale j: four in a nibble of the first 8 bytes, two in the last 4 bytes.</summary>
    internal static int UnpackScale(byte* scales, int j)
    {
        int low = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4;
        int high = (scales[8 + j % 4] >> (2 * (j / 4))) & 3;
        return low | high << 4;
    }

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ3_K*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 16; group++)
            {
                float scale = d * (UnpackScale(block->Scales, group) - 32);
                byte* quants = block->Quants + 32 * (group / 8) + 16 * (group % 2);
                byte* mask = block->HighMask + 16 * (group % 2);
                int shift = 2 * (group % 8 / 2);
                for (int l = 0; l < 16; l++)
                {
                    int high = (mask[l] >> (group / 2)) & 1;
                    target[16 * group + l] = scale * (((quants[l] >> shift) & 3) - (high != 0 ? 0 : 4));
                }
            }
        }
    }
}
