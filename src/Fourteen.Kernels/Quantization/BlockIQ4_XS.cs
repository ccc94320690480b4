using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ4_XS: 256 elements with the levels of IQ4_NL; sub-blocks of 32 with a 6-bit scale: four bits in a nibble of
/// <c>ScalesLow</c>, two in <c>ScalesHigh</c>. Value = (d · (scale − 32)) · level.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ4_XS
{
    internal const int Elements = 256;

    internal Half Scale;
    internal ushort ScalesHigh;
    internal fixed byte ScalesLow[4];
    internal fixed byte Quants[128];

    /// <summary>The scale of sub-block <paramref name="j"/>, less the 32 that it is stored with.</summary>
    internal static int UnpackScale(BlockIQ4_XS* block, int j)
    {
        int low = (block->ScalesLow[j / 2] >> (4 * (j % 2))) & 15;
        int high = (block->ScalesHigh >> (2 * j)) & 3;
        return (low | high << 4) - 32;
    }

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ4_XS*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 32; group++)
            {
                float scale = d * UnpackScale(block, group);
                byte* quants = block->Quants + 16 * group;
                for (int l = 0; l < 16; l++)
                {
                    target[32 * group + l] = scale * BlockIQ4_NL.Levels[quants[l] & 15];
                    target[32 * group + 16 + l] = scale * BlockIQ4_NL.Levels[quants[l] >> 4];
                }
            }
        }
    }
}
