using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ3_S: 256 elements in groups of 4, each with a 9-bit index into a grid of 512 entries; a sign for each element and
/// a 4-bit scale for each sub-block of 32. Value = d · (1 + 2 · scale) · ±grid.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ3_S
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed byte Quants[64];
    internal fixed byte HighBits[8];
    internal fixed byte Signs[32];
    internal fixed byte Scales[4];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ3_S*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 4; group++)
            {
                int nibble = (block->Scales[group / 16] >> (4 * (group / 8 % 2))) & 15;
                float scale = d * (1 + 2 * nibble);
                int high = (block->HighBits[group / 8] >> (group % 8)) & 1;
                sbyte* grid = IqGrids.Iq3S + 4 * (block->Quants[group] | high << 8);
                uint signs = (uint)block->Signs[group / 2] >> (4 * (group % 2));
                IqGrids.Write(target + 4 * group, grid, 4, scale, signs);
            }
        }
    }
}
