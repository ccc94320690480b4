using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ2_XS: 256 elements in groups of 8, each with a 9-bit index into a grid of 512 entries and seven signs; a 4-bit
/// scale for each two groups. Value = d · (½ + scale) · ¼ · ±grid.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_XS
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed ushort Quants[32];
    internal fixed byte Scales[8];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ2_XS*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 8; group++)
            {
                int nibble = (block->Scales[group / 4] >> (4 * (group % 4 / 2))) & 15;
                float scale = d * (0.5f + nibble) * 0.25f;
                uint q = block->Quants[group];
                IqGrids.Write(target + 8 * group, IqGrids.Iq2Xs + 8 * (q & 511), 8, scale, IqGrids.Signs(q >> 9));
            }
        }
    }
}
