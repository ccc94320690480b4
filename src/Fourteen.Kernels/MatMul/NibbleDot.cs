using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>Four-bit weights times bytes over 32 columns: the inner loop of every nibble type.</summary>
internal static unsafe class NibbleDot
{
    /// <summary>
    /// Running sums (see <see cref="ILanes{TI,TF}.DotAdd"/>) of 32 columns for up to four tokens; weights in the layout
    /// of
    /// <see cref="PackNibbles"/>, tokens <paramref name="stride"/> bytes apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Block32<TL, TI, TF, TN>(
        byte* weights, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI mask = TL.Broadcast(0x0F0F0F0F);
        TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int v = 0; v < 4; v++)
        {
            TI packed = TL.Load(weights + (v * 64));
            TI low = TL.And(packed, mask);
            TI high = TL.And(TL.ShiftRight(packed, 4), mask);
            sbyte* at = x + (v * 8);
            sum0 = TL.DotAdd(sum0, low, TL.Broadcast4(at));
            sum0 = TL.DotAdd(sum0, high, TL.Broadcast4(at + 4));
            if (TN.Count > 1)
            {
                sum1 = TL.DotAdd(sum1, low, TL.Broadcast4(at + stride));
                sum1 = TL.DotAdd(sum1, high, TL.Broadcast4(at + stride + 4));
            }

            if (TN.Count > 2)
            {
                sum2 = TL.DotAdd(sum2, low, TL.Broadcast4(at + (2 * stride)));
                sum2 = TL.DotAdd(sum2, high, TL.Broadcast4(at + (2 * stride) + 4));
                sum3 = TL.DotAdd(sum3, low, TL.Broadcast4(at + (3 * stride)));
                sum3 = TL.DotAdd(sum3, high, TL.Broadcast4(at + (3 * stride) + 4));
            }
        }

        dot0 = sum0;
        dot1 = sum1;
        dot2 = sum2;
        dot3 = sum3;
    }
}

/// <summary>The layout of 32 columns of nibbles of 16 rows, and its plain reader.</summary>
internal static unsafe class PackNibbles
{
    /// <summary>Bytes of 32 columns of 16 rows.</summary>
    internal const int Bytes32 = 32 * Tile.Rows / 2;

    private const uint LowNibbles = 0x0F0F0F0F;

    /// <summary>
    /// One row's 16 bytes of ggml's 32-element order (element i in the low nibble of byte i, i + 16 in its high
    /// nibble).
    /// </summary>
    internal static void Row32(byte* source, byte* target, int row)
    {
        var s = (uint*)source;
        uint* t = (uint*)target + row;
        t[0 * Tile.Rows] = Low(s[0], s[1]);
        t[1 * Tile.Rows] = Low(s[2], s[3]);
        t[2 * Tile.Rows] = High(s[0], s[1]);
        t[3 * Tile.Rows] = High(s[2], s[3]);
    }

    /// <summary>
    /// One row's 32 bytes of a K-quant's 64 elements: element l in the low nibble of byte l, l + 32 in its high nibble.
    /// Fills two blocks of 32 columns.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Row64(byte* source, byte* target, int row)
    {
        var s = (uint*)source;
        uint* t = (uint*)target + row;
        for (int v = 0; v < 4; v++)
        {
            t[v * Tile.Rows] = Low(s[2 * v], s[(2 * v) + 1]);
            t[(v + 4) * Tile.Rows] = High(s[2 * v], s[(2 * v) + 1]);
        }
    }

    /// <summary>
    /// The nibbles of 32 columns of 16 rows, [4, 16] words, from eight words of each row, [8, 16]: from their low
    /// nibbles, or their high ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Block16(uint* words, bool high, uint* target)
    {
        for (int v = 0; v < 4; v++)
        {
            for (int r = 0; r < Tile.Rows; r += 4)
            {
                Vector128<uint> first = Vector128.Load(words + (2 * v * Tile.Rows) + r);
                Vector128<uint> second = Vector128.Load(words + (((2 * v) + 1) * Tile.Rows) + r);
                Vector128<uint> mask = Vector128.Create(LowNibbles);
                Vector128<uint> both = high
                    ? ((first >>> 4) & mask) | (second & ~mask)
                    : (first & mask) | ((second & mask) << 4);
                both.Store(target + (v * Tile.Rows) + r);
            }
        }
    }

    /// <summary>Four columns from the low nibbles of one word, the next four from those of another.</summary>
    private static uint Low(uint first, uint second) => (first & LowNibbles) | ((second & LowNibbles) << 4);

    private static uint High(uint first, uint second) => ((first >> 4) & LowNibbles) | (second & ~LowNibbles);

    internal static int ScalarDot32(byte* weights, int row, sbyte* x)
    {
        int dot = 0;
        for (int column = 0; column < 32; column++)
            dot += Value(weights, row, column) * x[column];
        return dot;
    }

    /// <summary>The nibble of a column, 0 … 31, of one row.</summary>
    internal static int Value(byte* weights, int row, int column) =>
        weights[(column / 8 * 64) + (row * 4) + (column % 4)] >> (column % 8 < 4 ? 0 : 4) & 15;
}

/// <summary>Half-precision bits to float, in the way of <see cref="ILanes{TI,TF}.LoadHalf"/>.</summary>
internal static class HalfBits
{
    internal static float ToFloat(ushort bits) =>
        BitConverter.Int32BitsToSingle(((short)bits << 13) & unchecked((int)0x8FFFE000)) * 5.192296858534828e33f;
}
