using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q2_K: 256 elements of 2 bits; sub-blocks of 16 with a 4-bit scale (low nibble) and a 4-bit minimum (high nibble).
/// Value = (d · scale) · q − dmin · minimum. Byte 32·h + l of <c>Quants</c> holds element 128·h + 32·s + l at bit 2·s.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ2_K
{
    internal const int Elements = 256;

    internal fixed byte Scales[16];
    internal fixed byte Quants[64];
    internal Half Scale;
    internal Half MinimumScale;

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ2_K*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            float dmin = (float)block->MinimumScale;
            for (int group = 0; group < Elements / 16; group++)
            {
                float scale = d * (block->Scales[group] & 15);
                float minimum = dmin * (block->Scales[group] >> 4);
                byte* quants = block->Quants + 32 * (group / 8) + 16 * (group % 2);
                int shift = 2 * (group % 8 / 2);
                for (int l = 0; l < 16; l++)
                    target[16 * group + l] = scale * ((quants[l] >> shift) & 3) - minimum;
            }
        }
    }
}
