using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// IQ1_S: 256 elements in groups of 8 with an 11-bit index into a grid of 2,048 ternary entries. For each sub-block of
/// 32 <c>HighBits</c> has four times three index bits, a 3-bit scale and the sign of the shift by ⅛.
/// Value = d · (2 · scale + 1) · (grid ± ⅛).
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ1_S
{
    internal const int Elements = 256;

    internal Half Scale;
    internal fixed byte Quants[32];
    internal fixed ushort HighBits[8];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockIQ1_S*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            for (int group = 0; group < Elements / 8; group++)
            {
                int word = block->HighBits[group / 4];
                float scale = d * (2 * ((word >> 12) & 7) + 1);
                float delta = (word & 0x8000) != 0 ? -IqGrids.Iq1Delta : IqGrids.Iq1Delta;
                int index = block->Quants[group] | ((word >> (3 * (group % 4))) & 7) << 8;
                IqGrids.WriteShifted(target + 8 * group, IqGrids.Iq1S + 8 * index, scale, delta);
            }
        }
    }
}
