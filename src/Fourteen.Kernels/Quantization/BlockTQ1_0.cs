using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// TQ1_0: 256 ternary elements, five to a byte in base 3 (four to a byte in <c>Last</c>). A byte holds the fraction
/// n / 243 · 256 rounded up: multiplied by 3^k it wraps until digit k is on top. Value = (digit − 1) · d.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockTQ1_0
{
    internal const int Elements = 256;

    internal fixed byte Quants[48];
    internal fixed byte Last[4];
    internal Half Scale;

    /// <summary>The 256 digits of a block, 0 … 2, in the order of its elements.</summary>
    internal static void Digits(BlockTQ1_0* block, byte* target)
    {
        WriteDigits(block->Quants, 32, 5, target);
        WriteDigits(block->Quants + 32, 16, 5, target + 160);
        WriteDigits(block->Last, 4, 4, target + 240);
    }

    /// <summary>Reads <paramref name="elements"/> values, a whole number of blocks.</summary>
    internal static void Dequantize(byte* source, float* target, long elements)
    {
        var block = (BlockTQ1_0*)source;
        byte* digits = stackalloc byte[Elements];
        for (long b = 0; b < elements / Elements; b++, block++, target += Elements)
        {
            float d = (float)block->Scale;
            Digits(block, digits);
            for (int i = 0; i < Elements; i++)
                target[i] = (digits[i] - 1) * d;
        }
    }

    /// <summary>Digit k of byte l becomes element k · <paramref name="bytes"/> + l.</summary>
    private static void WriteDigits(byte* source, int bytes, int digits, byte* target)
    {
        uint power = 1;
        for (int k = 0; k < digits; k++, power *= 3)
        {
            for (int l = 0; l < bytes; l++)
            {
                uint top = source[l] * power & 255;
                target[k * bytes + l] = (byte)(top * 3 >> 8);
            }
        }
    }
}
