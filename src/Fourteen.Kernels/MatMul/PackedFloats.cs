using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// F16, BF16 and F32 with 16 rows interleaved, [columns, 16] a group, so that filling a float tile is a plain widening.
/// </summary>
internal static unsafe class PackedFloats
{
    /// <summary>Packs a group of up to 16 rows of 16-bit values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack16(byte* rows, long rowBytes, int rowCount, int columns, byte* target)
    {
        var to = (ushort*)target;
        int first = rowCount == Tile.Rows ? PackPairs(rows, rowBytes, columns, to) : 0;
        for (int c = first; c < columns; c++)
        {
            for (int r = 0; r < rowCount; r++)
                to[(c * Tile.Rows) + r] = ((ushort*)(rows + (r * rowBytes)))[c];
        }
    }

    /// <summary>Packs a group of up to 16 rows of 32-bit values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack32(byte* rows, long rowBytes, int rowCount, int columns, byte* target)
    {
        if (rowCount == Tile.Rows)
        {
            Transpose.Words16(rows, rowBytes, columns, (uint*)target);
            return;
        }

        for (int c = 0; c < columns; c++)
        {
            for (int r = 0; r < rowCount; r++)
                ((uint*)target)[(c * Tile.Rows) + r] = ((uint*)(rows + (r * rowBytes)))[c];
        }
    }

    /// <summary>As many columns of 16 rows as fill pieces of 8; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PackPairs(byte* rows, long rowBytes, int columns, ushort* target)
    {
        const int Words = 4;
        uint* words = stackalloc uint[Words * Tile.Rows]; // [word, row]; a word is two columns.
        int c = 0;
        for (; c + (2 * Words) <= columns; c += 2 * Words)
        {
            Transpose.Words16(rows + (c * sizeof(ushort)), rowBytes, Words, words);
            for (int word = 0; word < Words; word++, target += 2 * Tile.Rows)
            {
                for (int r = 0; r < Tile.Rows; r += 8)
                {
                    Vector128<uint> low = Vector128.Load(words + (word * Tile.Rows) + r);
                    Vector128<uint> high = Vector128.Load(words + (word * Tile.Rows) + r + 4);
                    Vector128<uint> mask = Vector128.Create(0xFFFFu);
                    Vector128.Narrow(low & mask, high & mask).Store(target + r);
                    Vector128.Narrow(low >>> 16, high >>> 16).Store(target + Tile.Rows + r);
                }
            }
        }

        return c;
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
