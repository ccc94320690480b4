using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ3_XXS: 256 elements in groups of 4 from a grid of 256 entries; for each sub-block of 32 a word with four times
/// seven signs and a 4-bit scale. Value = d · (½ + scale) · ½ · ±grid.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ3_XXS
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed byte Quants[64];
    internal fixed uint SignsAndScales[8];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ3_XXS*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int sub = 0; sub < Elements / 32; sub++)
            {
                uint word = block->SignsAndScales[sub];
                float scale = d * (0.5f + (word >> 28)) * 0.5f;
                byte* indices = block->Quants + 8 * sub;
                for (int l = 0; l < 4; l++)
                {
                    uint signs = IqGrids.Signs(word >> (7 * l));
                    float* group = target + 32 * sub + 8 * l;
                    IqGrids.Write(group, IqGrids.Iq3Xxs + 4 * indices[2 * l], 4, scale, signs);
                    IqGrids.Write(group + 4, IqGrids.Iq3Xxs + 4 * indices[2 * l + 1], 4, scale, signs >> 4);
                }
            }
        }
    }
}
