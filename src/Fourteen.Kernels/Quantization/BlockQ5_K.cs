using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Q5_K: as Q4_K with a fifth bit: bit i / 32 of byte i % 32 of <c>HighBits</c>.
/// Value = (d · scale) · q − dmin · minimum.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_K
{
    internal const int Elements = 256;

    internal Half Scale;
    internal Half MinimumScale;
    internal fixed byte Scales[12];
    internal fixed byte HighBits[32];
    internal fixed byte Quants[128];

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockQ5_K*)source;
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
                {
                    int q = ((quants[l] >> shift) & 15) | ((block->HighBits[l] >> group) & 1) << 4;
                    target[32 * group + l] = groupScale * q - groupMinimum;
                }
            }
        }
    }
}
