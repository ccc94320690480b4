using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MachineCode;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// What the matrix product knows of a weight type: how 16 rows are packed, which activations it takes, and its kernels.
/// </summary>
internal sealed unsafe class QuantKind
{
    internal required GgmlType Type { get; init; }

    /// <summary>The form of activations that <see cref="Paths"/> multiply with; Float where the float tile serves.
    /// </summary>
    internal required ActivationFormat Activation { get; init; }

    /// <summary>Columns of one packed block.</summary>
    internal required int BlockColumns { get; init; }

    /// <summary>Bytes of one packed block of 16 rows.</summary>
    internal required int BlockBytes { get; init; }

    /// <summary>
    /// (first row, bytes of a row, rows present, block index, target): packs one block of up to 16 rows; null where
    /// <see cref="PackGroup"/> packs all.
    /// </summary>
    internal delegate*<byte*, long, int, int, byte*, void> Pack { get; init; }

    /// <summary>(first row, bytes of a row, rows present, columns, target): packs all of up to 16 rows.</summary>
    internal delegate*<byte*, long, int, int, byte*, void> PackGroup { get; init; }

    /// <summary>Integer kernels, best first; empty where <see cref="Activation"/> is Float.</summary>
    internal required TilePath[] Paths { get; init; }

    /// <summary>The kernel of an instruction set; the walk of tests over types and paths uses it too.</summary>
    internal TilePath Path(IsaPath isa)
    {
        // A loop, since a lambda over isa would be allocated for each product of each step.
        foreach (TilePath path in Paths)
        {
            if (path.Isa == isa)
                return path;
        }

        return default;
    }
}

/// <summary>
/// The types that have packed kernels, one row each. A type without a row is multiplied through its dequantized tile
/// (<see cref="FloatTile"/>), which is the same for all.
/// </summary>
internal static unsafe class QuantTable
{
    private static readonly QuantKind[] Rows =
    [
        Block32<TileQ1_0>(GgmlType.Q1_0, &TileQ1_0.Pack, CodeBlock32.Q1_0Tile),
        Block32<TileQ4_0>(GgmlType.Q4_0, &TileQ4_0.Pack, CodeBlock32.Q4_0Tile),
        Block32<TileQ4_1>(GgmlType.Q4_1, &TileQ4_1.Pack, CodeBlock32.Q4_1Tile),
        Block32<TileQ5_0>(GgmlType.Q5_0, &TileQ5_0.Pack, CodeBlock32.Q5_0Tile),
        Block32<TileQ5_1>(GgmlType.Q5_1, &TileQ5_1.Pack, CodeBlock32.Q5_1Tile),
        Block32<TileQ8_0>(GgmlType.Q8_0, &TileQ8_0.Pack, CodeBlock32.Q8_0Tile),
        Block32<TileIQ4_NL>(GgmlType.IQ4_NL, &TileIQ4_NL.Pack, CodeBlock32.IQ4_NLTile),
        Block256<TileQ2_K>(GgmlType.Q2_K, &TileQ2_K.Pack, CodeQ2_K.Tile),
        Block256<TileQ3_K>(GgmlType.Q3_K, &TileQ3_K.Pack, CodeQ3_K.Tile),
        Block256(GgmlType.Q4_K, TileQ4_K.BlockBytes, &TileQ4_K.Pack, TilePath.Of<TileQ4_K>(CodeQ4_K.Tile)),
        Block256<TileQ5_K>(GgmlType.Q5_K, &TileQ5_K.Pack, CodeQ5_K.Tile),
        Block256(GgmlType.Q6_K, TileQ6_K.BlockBytes, &TileQ6_K.Pack, TilePath.Of<TileQ6_K>(CodeQ6_K.Tile)),
        Block256<TileIQ4_XS>(GgmlType.IQ4_XS, &TileIQ4_XS.Pack, CodeIQ4_XS.Tile),
        Block256<TileTQ2_0>(GgmlType.TQ2_0, &TileTQ2_0.Pack, CodeTQ2_0.Tile),
        Block256<TileTQ2_0>(GgmlType.TQ1_0, &TileTQ2_0.PackBase3, CodeTQ2_0.Tile),
        Floats(GgmlType.F16, &PackedFloats.Pack16),
        Floats(GgmlType.BF16, &PackedFloats.Pack16),
        Floats(GgmlType.F32, &PackedFloats.Pack32),
    ];

    internal static IReadOnlyList<QuantKind> All => Rows;

    internal static QuantKind? Find(GgmlType type) => Array.Find(Rows, row => row.Type == type);

    private static QuantKind Block32<TB>(
        GgmlType type, delegate*<byte*, long, int, int, byte*, void> pack, TileCode code)
        where TB : struct, IBlock32 => new()
        {
            Type = type,
            Activation = ActivationFormat.Block32,
            BlockColumns = 32,
            BlockBytes = TB.BlockBytes,
            Pack = pack,
            Paths = TilePath.Of<Block32Tile<TB>>(code),
        };

    private static QuantKind Block256<TB>(
        GgmlType type, delegate*<byte*, long, int, int, byte*, void> pack, TileCode code)
        where TB : struct, IBlock256 =>
        Block256(type, TB.BlockBytes, pack, TilePath.Of<Block256Tile<TB>>(code));

    private static QuantKind Block256(
        GgmlType type, int blockBytes, delegate*<byte*, long, int, int, byte*, void> pack, TilePath[] paths) => new()
        {
            Type = type,
            Activation = ActivationFormat.Block256,
            BlockColumns = 256,
            BlockBytes = blockBytes,
            Pack = pack,
            Paths = paths,
        };

    private static QuantKind Floats(GgmlType type, delegate*<byte*, long, int, int, byte*, void> packGroup) => new()
    {
        Type = type,
        Activation = ActivationFormat.Float,
        BlockColumns = 1,
        BlockBytes = Tile.Rows * GgmlTypeTraits.Of(type).BlockBytes,
        PackGroup = packGroup,
        Paths = [],
    };
}
