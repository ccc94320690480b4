using Fourteen.Formats;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// Rows of any storage type as floats: the scalar definition of what a block means, bit for bit as ggml's reference
/// computes it (each product and sum rounded to float, in the written order, never fused). Any thread may call it.
/// </summary>
public static unsafe class Dequantizer
{
    private readonly struct Entry(GgmlType type, int blockBytes, delegate*<byte*, float*, long, void> dequantize)
    {
        internal readonly GgmlType Type = type;
        internal readonly int BlockBytes = blockBytes;
        internal readonly delegate*<byte*, float*, long, void> Dequantize = dequantize;
    }

    // By type id; a type that is not here is refused.
    private static readonly Entry[] Table = Index(
    [
        new(GgmlType.F32, sizeof(float), &PlainNumbers.FromF32),
        new(GgmlType.F16, sizeof(Half), &PlainNumbers.FromF16),
        new(GgmlType.BF16, sizeof(ushort), &PlainNumbers.FromBF16),
        new(GgmlType.F64, sizeof(double), &PlainNumbers.FromF64),
        new(GgmlType.I8, sizeof(sbyte), &PlainNumbers.FromI8),
        new(GgmlType.I16, sizeof(short), &PlainNumbers.FromI16),
        new(GgmlType.I32, sizeof(int), &PlainNumbers.FromI32),
        new(GgmlType.I64, sizeof(long), &PlainNumbers.FromI64),
        new(GgmlType.Q4_0, sizeof(BlockQ4_0), &BlockQ4_0.Dequantize),
        new(GgmlType.Q4_1, sizeof(BlockQ4_1), &BlockQ4_1.Dequantize),
        new(GgmlType.Q5_0, sizeof(BlockQ5_0), &BlockQ5_0.Dequantize),
        new(GgmlType.Q5_1, sizeof(BlockQ5_1), &BlockQ5_1.Dequantize),
        new(GgmlType.Q8_0, sizeof(BlockQ8_0), &BlockQ8_0.Dequantize),
        new(GgmlType.Q8_1, sizeof(BlockQ8_1), &BlockQ8_1.Dequantize),
        new(GgmlType.Q2_K, sizeof(BlockQ2_K), &BlockQ2_K.Dequantize),
        new(GgmlType.Q3_K, sizeof(BlockQ3_K), &BlockQ3_K.Dequantize),
        new(GgmlType.Q4_K, sizeof(BlockQ4_K), &BlockQ4_K.Dequantize),
        new(GgmlType.Q5_K, sizeof(BlockQ5_K), &BlockQ5_K.Dequantize),
        new(GgmlType.Q6_K, sizeof(BlockQ6_K), &BlockQ6_K.Dequantize),
        new(GgmlType.Q8_K, sizeof(BlockQ8_K), &BlockQ8_K.Dequantize),
        new(GgmlType.IQ2_XXS, sizeof(BlockIQ2_XXS), &BlockIQ2_XXS.Dequantize),
        new(GgmlType.IQ2_XS, sizeof(BlockIQ2_XS), &BlockIQ2_XS.Dequantize),
        new(GgmlType.IQ2_S, sizeof(BlockIQ2_S), &BlockIQ2_S.Dequantize),
        new(GgmlType.IQ3_XXS, sizeof(BlockIQ3_XXS), &BlockIQ3_XXS.Dequantize),
        new(GgmlType.IQ3_S, sizeof(BlockIQ3_S), &BlockIQ3_S.Dequantize),
        new(GgmlType.IQ1_S, sizeof(BlockIQ1_S), &BlockIQ1_S.Dequantize),
        new(GgmlType.IQ1_M, sizeof(BlockIQ1_M), &BlockIQ1_M.Dequantize),
        new(GgmlType.IQ4_NL, sizeof(BlockIQ4_NL), &BlockIQ4_NL.Dequantize),
        new(GgmlType.IQ4_XS, sizeof(BlockIQ4_XS), &BlockIQ4_XS.Dequantize),
        new(GgmlType.TQ1_0, sizeof(BlockTQ1_0), &BlockTQ1_0.Dequantize),
        new(GgmlType.TQ2_0, sizeof(BlockTQ2_0), &BlockTQ2_0.Dequantize),
        new(GgmlType.MXFP4, sizeof(BlockMXFP4), &BlockMXFP4.Dequantize),
        new(GgmlType.NVFP4, sizeof(BlockNVFP4), &BlockNVFP4.Dequantize),
        new(GgmlType.Q1_0, sizeof(BlockQ1_0), &BlockQ1_0.Dequantize),
        new(GgmlType.Q2_0, sizeof(BlockQ2_0), &BlockQ2_0.Dequantize),
    ]);

    /// <summary>Whether rows of this type can be read.</summary>
    public static bool Supports(GgmlType type) =>
        (uint)type < (uint)Table.Length && Table[(int)type].Dequantize is not null;

    /// <summary>Reads one row.</summary>
    /// <param name="type">Storage type; <see cref="Supports"/> must hold.</param>
    /// <param name="source">First byte of the row; no alignment is needed.</param>
    /// <param name="target">The values; its length is the number of elements, a whole number of blocks.</param>
    public static void Row(GgmlType type, nint source, Span<float> target)
    {
        if (!Supports(type))
            throw new ArgumentOutOfRangeException(nameof(type), type, "There is no storage type of this id.");
        int blockElements = GgmlTypeTraits.Of(type).BlockElements;
        if (target.Length % blockElements != 0)
        {
            throw new ArgumentException(
                $"A row of {type} needs a multiple of {blockElements} elements, found {target.Length}.",
                nameof(target));
        }

        fixed (float* values = target)
            Table[(int)type].Dequantize((byte*)source, values, target.Length);
    }

    private static Entry[] Index(ReadOnlySpan<Entry> entries)
    {
        var table = new Entry[GgmlTypeTraits.All.Max(traits => (int)traits.Type) + 1];
        foreach (Entry entry in entries)
        {
            // A struct whose layout differs from the file's would read other memory than it should.
            if (entry.BlockBytes != GgmlTypeTraits.Of(entry.Type).BlockBytes)
                throw new InvalidOperationException($"The struct of {entry.Type} has {entry.BlockBytes} bytes.");
            table[(int)entry.Type] = entry;
        }

        return table;
    }
}
