using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Layouts of weights with one or two bits a column, 16 rows side by side as in every packed type, and their packing
/// from the layouts of K-quants.
/// </summary>
/// <remarks>
/// One bit: 64 bytes for 32 columns, bit q of byte i of a row's word is column 4q + i. Two bits: 64 bytes for 16
/// columns, bits 2q and 2q + 1 of byte i are column 4q + i. So a shift and a mask give four columns of each row.
/// </remarks>
internal static unsafe class BitPlanes
{
    /// <summary>Bytes of one bit of 32 columns, or of two bits of 16 columns, of 16 rows.</summary>
    internal const int Bytes = 4 * Tile.Rows;

    /// <summary>
    /// [words, 16] words of up to 16 rows that begin <paramref name="rowBytes"/> apart; zeros for rows past the last.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Words(byte* rows, long rowBytes, int rowCount, int words, uint* target)
    {
        if (rowCount == Tile.Rows)
        {
            Transpose.Words16(rows, rowBytes, words, target);
            return;
        }

        new Span<uint>(target, words * Tile.Rows).Clear();
        for (int r = 0; r < rowCount; r++)
        {
            for (int w = 0; w < words; w++)
                target[(w * Tile.Rows) + r] = ((uint*)(rows + (r * rowBytes)))[w];
        }
    }

    /// <summary>One row's word of 32 columns, from the order of Q5_0 and Q1_0: bit c is that of column c.</summary>
    internal static uint Row32(uint bits)
    {
        uint word = 0;
        for (int quad = 0; quad < 8; quad++)
        {
            // The product puts bit i of the four at bit 8i: its copies are 7 bits apart, and none overlap.
            uint four = bits >> (4 * quad) & 15;
            word |= (four * 0x00204081 & 0x01010101) << quad;
        }

        return word;
    }

    /// <summary>
    /// The high bits of Q5_K or Q3_K, of which bit j of byte l is column 32j + l: from [8, 16] words to 8 blocks of 32
    /// columns, <paramref name="targetStride"/> bytes apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackOne(uint* words, byte* target, int targetStride)
    {
        Vector128<uint> mask = Vector128.Create(0x01010101u);
        for (int j = 0; j < 8; j++)
        {
            for (int r = 0; r < Tile.Rows; r += 4)
            {
                Vector128<uint> bits = default;
                for (int q = 0; q < 8; q++)
                    bits |= ((Vector128.Load(words + (q * Tile.Rows) + r) >>> j) & mask) << q;
                bits.Store((uint*)(target + (j * targetStride)) + r);
            }
        }
    }

    /// <summary>
    /// Pairs of bits of Q6_K, Q3_K, Q2_K or TQ2_0, of which bits 2s and 2s + 1 of byte 32h + l are column
    /// 128h + 32s + l: from [16, 16] words to 16 blocks of 16 columns.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackTwo(uint* words, byte* target)
    {
        Vector128<uint> mask = Vector128.Create(0x03030303u);
        for (int u = 0; u < 16; u++)
        {
            // Block u is half a run of 32 columns: four words, shifted by the run's place in its half.
            int shift = u % 8 / 2 * 2;
            uint* from = words + (((u / 8 * 8) + (u % 2 * 4)) * Tile.Rows);
            for (int r = 0; r < Tile.Rows; r += 4, from += 4)
            {
                Vector128<uint> w0 = (Vector128.Load(from) >>> shift) & mask;
                Vector128<uint> w1 = (Vector128.Load(from + Tile.Rows) >>> shift) & mask;
                Vector128<uint> w2 = (Vector128.Load(from + (2 * Tile.Rows)) >>> shift) & mask;
                Vector128<uint> w3 = (Vector128.Load(from + (3 * Tile.Rows)) >>> shift) & mask;
                (w0 | (w1 << 2) | (w2 << 4) | (w3 << 6)).Store((uint*)(target + (u * Bytes)) + r);
            }
        }
    }

    /// <summary>Two bits of 16 columns as four vectors of bytes 0 … 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Weights<TL, TI, TF>(TI bits, out TI w0, out TI w1, out TI w2, out TI w3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI mask = TL.Broadcast(0x03030303);
        w0 = TL.And(bits, mask);
        w1 = TL.And(TL.ShiftRight(bits, 2), mask);
        w2 = TL.And(TL.ShiftRight(bits, 4), mask);
        w3 = TL.And(TL.ShiftRight(bits, 6), mask);
    }

    /// <summary>The bit of a column, 0 … 31, of one row.</summary>
    internal static int One(byte* plane, int row, int column) =>
        plane[(row * 4) + (column % 4)] >> (column / 4) & 1;

    /// <summary>The two bits of a column, 0 … 255, of one row, in blocks of 16 columns one after another.</summary>
    internal static int Two(byte* planes, int row, int column) =>
        planes[(column / 16 * Bytes) + (row * 4) + (column % 4)] >> (column % 16 / 4 * 2) & 3;
}
