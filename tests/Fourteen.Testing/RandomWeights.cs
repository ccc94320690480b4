using Fourteen.Formats;

namespace Fourteen.Testing;

/// <summary>
/// Random bytes of a weight type whose scales are sensible numbers: any bytes are legal quants, but random bits of a
/// half may be infinite or huge.
/// </summary>
public static class RandomWeights
{
    public static byte[] Of(GgmlType type, int rows, int columns, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[rows * GgmlTypeTraits.Of(type).RowBytes(columns)];
        random.NextBytes(bytes);
        FixAll(type, bytes, random);
        return bytes;
    }

    /// <summary>Every byte the same, but for the scales: all quants and sub-block scales at one extreme.</summary>
    public static byte[] Filled(GgmlType type, int rows, int columns, byte value)
    {
        byte[] bytes = new byte[rows * GgmlTypeTraits.Of(type).RowBytes(columns)];
        bytes.AsSpan().Fill(value);
        FixAll(type, bytes, new Random(value));
        return bytes;
    }

    private static void FixAll(GgmlType type, byte[] bytes, Random random)
    {
        GgmlTypeTraits traits = GgmlTypeTraits.Of(type);
        for (int block = 0; block < bytes.Length; block += traits.BlockBytes)
            Fix(type, bytes.AsSpan(block, traits.BlockBytes), random);
    }

    private static void Fix(GgmlType type, Span<byte> block, Random random)
    {
        switch (type)
        {
            case GgmlType.F32:
                BitConverter.TryWriteBytes(block, (float)Normal(random));
                break;
            case GgmlType.F64:
                BitConverter.TryWriteBytes(block, Normal(random));
                break;
            case GgmlType.BF16:
                uint bits = BitConverter.SingleToUInt32Bits((float)Normal(random));
                BitConverter.TryWriteBytes(block, (ushort)(bits >> 16));
                break;
            case GgmlType.Q8_K:
                BitConverter.TryWriteBytes(block, (float)Normal(random));
                break;
            case GgmlType.MXFP4:
                block[0] = (byte)random.Next(118, 130);
                break;
            case GgmlType.NVFP4:
                for (int i = 0; i < 4; i++)
                    block[i] = (byte)random.Next(40, 70);
                break;
            case GgmlType.IQ1_M:
                // The half's bits are spread over the top nibbles of four 16-bit scales: 0x3xxx is 0.125 … 0.5.
                block[55] = (byte)((block[55] & 0x0F) | 0x30);
                break;
            default:
                foreach (int at in HalvesAt(type))
                    BitConverter.TryWriteBytes(block[at..], (Half)Normal(random));
                break;
        }
    }

    private static int[] HalvesAt(GgmlType type) => type switch
    {
        GgmlType.Q4_1 or GgmlType.Q5_1 or GgmlType.Q8_1 or GgmlType.Q4_K or GgmlType.Q5_K => [0, 2],
        GgmlType.Q2_K => [80, 82],
        GgmlType.Q3_K => [108],
        GgmlType.Q6_K => [208],
        GgmlType.TQ1_0 => [52],
        GgmlType.TQ2_0 => [64],
        GgmlType.I8 or GgmlType.I16 or GgmlType.I32 or GgmlType.I64 => [],
        _ => [0],
    };

    private static double Normal(Random random) => (random.NextDouble() - 0.5) / 16;
}
