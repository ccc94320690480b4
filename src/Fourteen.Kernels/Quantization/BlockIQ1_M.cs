using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ1_M: as IQ1_S, but each group of 8 has its own shift and each two groups their 3-bit scale; the scale of the block
/// is a half whose four nibbles are the top bits of the four words of scales.
/// Value = d · (2 · scale + 1) · (grid ± ⅛).
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ1_M
{
    internal const int Elements = 256;

    internal fixed byte Quants[32];
    internal fixed byte HighBits[16];
    internal fixed ushort Scales[4];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ1_M*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            ushort* s = block->Scales;
            int bits = s[0] >> 12 | (s[1] >> 8 & 0xF0) | (s[2] >> 4 & 0xF00) | (s[3] & 0xF000);
            float d = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            for (int group = 0; group < Elements / 8; group++)
            {
                float scale = d * (2 * ((s[group / 8] >> (3 * (group / 2 % 4))) & 7) + 1);
                int high = (block->HighBits[group / 2] >> (4 * (group % 2))) & 15;
                float delta = (high & 8) != 0 ? -IqGrids.Iq1Delta : IqGrids.Iq1Delta;
                int index = block->Quants[group] | (high & 7) << 8;
                IqGrids.WriteShifted(target + 8 * group, IqGrids.Iq1S + 8 * index, scale, delta);
            }
        }
    }
}
