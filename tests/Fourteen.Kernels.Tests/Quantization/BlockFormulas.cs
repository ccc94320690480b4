using System.Buffers.Binary;
using Fourteen.Formats;

namespace Fourteen.Kernels.Tests.Quantization;

/// <summary>
/// The value of element i of a block, each formula as the format's description writes it (by element, from byte
/// offsets) and so in another shape than the product's loops over sub-blocks.
/// </summary>
internal static class BlockFormulas
{
    internal delegate float Formula(ReadOnlySpan<byte> block, int i);

    private static readonly sbyte[] Levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    private static readonly sbyte[] Fp4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    internal static readonly Dictionary<GgmlType, Formula> ByType = new()
    {
        [GgmlType.Q4_0] = (b, i) => (Nibble(b[2..], i) - 8) * F16(b, 0),
        [GgmlType.Q4_1] = (b, i) => Nibble(b[4..], i) * F16(b, 0) + F16(b, 2),
        [GgmlType.Q5_0] = (b, i) => ((Nibble(b[6..], i) | Bit(b[2..], i) << 4) - 16) * F16(b, 0),
        [GgmlType.Q5_1] = (b, i) => (Nibble(b[8..], i) | Bit(b[4..], i) << 4) * F16(b, 0) + F16(b, 2),
        [GgmlType.Q8_0] = (b, i) => (sbyte)b[2 + i] * F16(b, 0),
        [GgmlType.Q8_1] = (b, i) => (sbyte)b[4 + i] * F16(b, 0),
        [GgmlType.Q2_K] = (b, i) => F16(b, 80) * (b[i / 16] & 15) * Crumb(b[16..], i) - F16(b, 82) * (b[i / 16] >> 4),
        [GgmlType.Q3_K] = Q3_K,
        [GgmlType.Q4_K] = (b, i) =>
            F16(b, 0) * K4(b[4..], i / 32).Scale * KNibble(b[16..], i) - F16(b, 2) * K4(b[4..], i / 32).Minimum,
        [GgmlType.Q5_K] = (b, i) =>
            F16(b, 0) * K4(b[4..], i / 32).Scale * (KNibble(b[48..], i) | ((b[16 + i % 32] >> (i / 32)) & 1) << 4)
            - F16(b, 2) * K4(b[4..], i / 32).Minimum,
        [GgmlType.Q6_K] = Q6_K,
        [GgmlType.Q8_K] = (b, i) => BinaryPrimitives.ReadSingleLittleEndian(b) * (sbyte)b[4 + i],
        [GgmlType.IQ4_NL] = (b, i) => F16(b, 0) * Levels[Nibble(b[2..], i)],
        [GgmlType.IQ4_XS] = IQ4_XS,
        [GgmlType.TQ1_0] = TQ1_0,
        [GgmlType.TQ2_0] = (b, i) => (Crumb(b, i) - 1) * F16(b, 64),
        [GgmlType.MXFP4] = (b, i) => (float)Math.ScaleB(1, b[0] - 128) * Fp4[Nibble(b[1..], i)],
        [GgmlType.NVFP4] = NVFP4,
        [GgmlType.Q1_0] = (b, i) => Bit(b[2..], i) == 1 ? F16(b, 0) : -F16(b, 0),
        [GgmlType.Q2_0] = (b, i) => (((b[2 + i / 4] >> (2 * (i % 4))) & 3) - 1) * F16(b, 0),
    };

    internal static float F16(ReadOnlySpan<byte> b, int offset) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(b[offset..]);

    internal static int U16(ReadOnlySpan<byte> b, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(b[offset..]);

    internal static uint U32(ReadOnlySpan<byte> b, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(b[offset..]);

    private static int Nibble(ReadOnlySpan<byte> quants, int i) => (quants[i % 16] >> (4 * (i / 16))) & 15;

    private static int KNibble(ReadOnlySpan<byte> quants, int i) =>
        (quants[32 * (i / 64) + i % 32] >> (4 * (i / 32 % 2))) & 15;

    private static int Crumb(ReadOnlySpan<byte> quants, int i) =>
        (quants[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;

    private static int Bit(ReadOnlySpan<byte> bits, int i) => (bits[i / 8] >> (i % 8)) & 1;

    private static (int Scale, int Minimum) K4(ReadOnlySpan<byte> s, int j) => j < 4
        ? (s[j] & 63, s[j + 4] & 63)
        : ((s[j + 4] & 15) | (s[j - 4] >> 6) << 4, (s[j + 4] >> 4) | (s[j] >> 6) << 4);

    private static float Q3_K(ReadOnlySpan<byte> b, int i)
    {
        ReadOnlySpan<byte> s = b[96..108];
        int j = i / 16;
        int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
        int scale = (low | ((s[8 + j % 4] >> (2 * (j / 4))) & 3) << 4) - 32;
        int high = (b[i % 32] >> (i / 32)) & 1;
        return F16(b, 108) * scale * (Crumb(b[32..], i) - (high == 1 ? 0 : 4));
    }

    private static float Q6_K(ReadOnlySpan<byte> b, int i)
    {
        int n = i / 128;
        int l = i % 32;
        int g = i % 128 / 32;
        int low = (b[64 * n + 32 * (g % 2) + l] >> (4 * (g / 2))) & 15;
        int high = (b[128 + 32 * n + l] >> (2 * g)) & 3;
        return F16(b, 208) * (sbyte)b[192 + i / 16] * ((low | high << 4) - 32);
    }

    private static float IQ4_XS(ReadOnlySpan<byte> b, int i)
    {
        int sub = i / 32;
        int scale = ((b[4 + sub / 2] >> (4 * (sub % 2))) & 15) | ((U16(b, 2) >> (2 * sub)) & 3) << 4;
        return F16(b, 0) * (scale - 32) * Levels[(b[8 + 16 * sub + i % 16] >> (4 * (i % 32 / 16))) & 15];
    }

    private static float TQ1_0(ReadOnlySpan<byte> b, int i)
    {
        (int digits, int n) = i < 160 ? (b[i % 32], i / 32)
            : i < 240 ? (b[32 + (i - 160) % 16], (i - 160) / 16)
            : (b[48 + (i - 240) % 4], (i - 240) / 4);
        int u = digits * (int)Math.Pow(3, n) & 255;
        return ((u * 3 >> 8) - 1) * F16(b, 52);
    }

    private static float NVFP4(ReadOnlySpan<byte> b, int i)
    {
        int sub = i / 16;
        int lane = i % 16;
        int level = Fp4[(b[4 + 8 * sub + lane % 8] >> (4 * (lane / 8))) & 15];
        int exponent = (b[sub] >> 3) & 15;
        double mantissa = b[sub] & 7;
        double scale = exponent == 0 ? mantissa / 512 : (1 + mantissa / 8) * Math.Pow(2, exponent - 7);
        return (b[sub] & 127) == 127 ? 0f * level : (float)(scale / 2 * level);
    }
}
