using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ2_XXS: 256 elements in groups of 8 from a grid of 256 entries, the eighth sign given by parity. A sub-block of 32
/// has two words: four grid indices; four times seven signs and a 4-bit scale. Value = d · (½ + scale) · ¼ · ±grid.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_XXS
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed ushort Quants[32];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ2_XXS*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int sub = 0; sub < Elements / 32; sub++)
            {
                byte* indices = (byte*)(block->Quants + 4 * sub);
                uint signs = block->Quants[4 * sub + 2] | (uint)block->Quants[4 * sub + 3] << 16;
                float scale = d * (0.5f + (signs >> 28)) * 0.25f;
                for (int l = 0; l < 4; l++)
                {
                    sbyte* grid = IqGrids.Iq2Xxs + 8 * indices[l];
                    IqGrids.Write(target + 32 * sub + 8 * l, grid, 8, scale, IqGrids.Signs(signs >> (7 * l)));
                }
            }
        }
    }
}
