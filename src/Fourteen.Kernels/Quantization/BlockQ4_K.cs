using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q4_K: 256 elements of 4 bits; sub-blocks of 32 with 6-bit scale and minimum.
/// Value = (d · scale) · q − dmin · minimum. Byte 32·p + l of <c>Quants</c> holds elements 64·p + l (low nibble) and
/// 64·p + 32 + l (high nibble).
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_K
{
    internal const int Elements = 256;

    internal Half Scale;
    internal Half MinimumScale;
    internal fixed byte Scales[12];
    internal fixed byte Quants[128];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ4_K*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            float dmin = (float)block->MinimumScale;
            for (int group = 0; group < Elements / 32; group++)
            {
                (int scale, int minimum) = KScales.Unpack(block->Scales, group);
                float groupScale = d * scale;
                float groupMinimum = dmin * minimum;
                byte* quants = block->Quants + 32 * (group / 2);
                int shift = 4 * (group % 2);
                for (int l = 0; l < 32; l++)
                    target[32 * group + l] = groupScale * ((quants[l] >> shift) & 15) - groupMinimum;
            }
        }
    }
}
