using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ2_S: 256 elements in groups of 8, each with a 10-bit index into a grid of 1,024 entries and eight signs; a 4-bit
/// scale for each two groups. Value = d · (½ + scale) · ¼ · ±grid.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_S
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed byte Quants[32];
    internal fixed byte Signs[32];
    internal fixed byte HighBits[8];
    internal fixed byte Scales[8];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ2_S*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 8; group++)
            {
                int nibble = (block->Scales[group / 4] >> (4 * (group % 4 / 2))) & 15;
                float scale = d * (0.5f + nibble) * 0.25f;
                int high = (block->HighBits[group / 4] >> (2 * (group % 4))) & 3;
                sbyte* grid = IqGrids.Iq2S + 8 * (block->Quants[group] | high << 8);
                IqGrids.Write(target + 8 * group, grid, 8, scale, block->Signs[group]);
            }
        }
    }
}
