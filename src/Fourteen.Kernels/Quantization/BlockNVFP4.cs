using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// NVFP4: 64 elements of FP4 (E2M1); sub-blocks of 16 with an unsigned E4M3 scale. Value = level · scale / 2: the
/// levels are stored doubled. In a sub-block, byte j has element j in its low and j + 8 in its high nibble.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockNVFP4
{
    internal const int Elements = 64;

    internal fixed byte Scales[4];
    internal fixed byte Quants[32];

    /// <summary>Half of an E4M3 number (bias 7, subnormals m · 2^−9), its sign bit ignored; NaN counts as 0.</summary>
    private static float HalfScale(byte e4m3)
    {
        int exponent = (e4m3 >> 3) & 15;
        int mantissa = e4m3 & 7;
        if (exponent == 0)
            return mantissa * (1f / 1024);
        bool isNan = exponent == 15 && mantissa == 7;
        // (8 + m) · 2^(e − 10) is the number, and e − 11 halves it; the float 2^k has the exponent field k + 127.
        return isNan ? 0 : (8 + mantissa) * BitConverter.UInt32BitsToSingle((uint)(exponent - 11 + 127) << 23);
    }

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockNVFP4*)source;
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            for (int group = 0; group < Elements / 16; group++)
            {
                float d = HalfScale(block->Scales[group]);
                byte* quants = block->Quants + 8 * group;
                for (int j = 0; j < 8; j++)
                {
                    target[16 * group + j] = d * BlockMXFP4.Levels[quants[j] & 15];
                    target[16 * group + 8 + j] = d * BlockMXFP4.Levels[quants[j] >> 4];
                }
            }
        }
    }
}
