using System.Runtime.CompilerServices;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// F16, BF16 and F32 with 16 rows interleaved, [columns, 16] a group, so that filling a float tile is a plain widening.
/// </summary>
internal static unsafe class PackedFloats
{
    /// <summary>Packs one column of up to 16 rows; <c>block</c> is the column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack16(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
            ((ushort*)target)[r] = ((ushort*)(rows + (r * rowBytes)))[block];
    }

    /// <inheritdoc cref="Pack16"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack32(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
            ((uint*)target)[r] = ((uint*)(rows + (r * rowBytes)))[block];
    }

    /// <summary>Widens <paramref name="columns"/> packed columns to a float tile.</summary>
    internal static void Widen(IsaPath isa, GgmlType type, byte* packed, int columns, float* tile)
    {
        long count = (long)columns * Tile.Rows;
        if (type == GgmlType.F32)
        {
            Buffer.MemoryCopy(packed, tile, count * sizeof(float), count * sizeof(float));
            return;
        }

        switch (isa)
        {
            case IsaPath.Avx512Vnni:
            case IsaPath.Avx512:
                Widen<Lanes512, V512I, V512F>(type, packed, count, tile);
                break;
            case IsaPath.AvxVnni:
            case IsaPath.Avx2:
                Widen<Lanes256<PairProducts>, V256I, V256F>(type, packed, count, tile);
                break;
            case IsaPath.Vector128:
                Widen<Lanes128, V128I, V128F>(type, packed, count, tile);
                break;
            default:
                WidenScalar(type, (ushort*)packed, count, tile);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TL, TI, TF>(GgmlType type, byte* packed, long count, float* tile)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        if (type == GgmlType.F16)
        {
            for (long i = 0; i < count; i += TL.Count)
                TL.Store(tile + i, TL.LoadHalf(packed + (2 * i)));
            return;
        }

        for (long i = 0; i < count; i += TL.Count)
            TL.Store(tile + i, TL.LoadBFloat16(packed + (2 * i)));
    }

    private static void WidenScalar(GgmlType type, ushort* packed, long count, float* tile)
    {
        for (long i = 0; i < count; i++)
        {
            tile[i] = type == GgmlType.F16
                ? HalfBits.ToFloat(packed[i])
                : BitConverter.Int32BitsToSingle(packed[i] << 16);
        }
    }
}
