using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q5_K: value = d·sc_j·q − dmin·m_j in sub-blocks j of 32 columns, as <see cref="TileQ4_K"/> with q up to 31: |Σ
/// sc·dot| is at most 8 · 63 · 125,984 &lt; 2^31.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 8 sub-blocks as in <see cref="FiveBits"/>, then 8 × 16 bytes of scales, 4 × 16
/// pairs of minimums, 16 halves d and 16 halves dmin, as in <see cref="TileQ4_K"/>. 127 · (31 + 31) · 4 additions =
/// 31,496 fits the 16-bit running sums, so they are scaled after 16 columns.
/// </remarks>
internal readonly unsafe struct TileQ5_K : IBlock256
{
    internal const int ScalesAt = 8 * FiveBits.Bytes32;
    internal const int MinimumsAt = ScalesAt + (8 * Tile.Rows);
    internal const int DAt = MinimumsAt + (8 * Tile.Rows);
    internal const int DminAt = DAt + (Tile.Rows * sizeof(ushort));

    public static int BlockBytes => DminAt + (Tile.Rows * sizeof(ushort));

    public static int MinimumColumns => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI scale = TL.LoadBytes(block + ScalesAt + (j * Tile.Rows) + row);
        scale = TL.PrepareScale(TL.Or(scale, TL.ShiftLeft(scale, 16)));
        byte* at = block + (j * FiveBits.Bytes32) + (row * 4);
        FiveBits.Weights<TL, TI, TF>(at, false, out TI w0, out TI w1, out TI w2, out TI w3);
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, scale, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        FiveBits.Weights<TL, TI, TF>(at, true, out w0, out w1, out w2, out w3);
        QuadDot.AddScaled16<TL, TI, TF, TN>(
            w0, w1, w2, w3, scale, x + 16, stride, ref sum0, ref sum1, ref sum2, ref sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.LoadBytePairs(block + MinimumsAt + (pair * 2 * Tile.Rows) + (row * 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF dmin)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        d = TL.LoadHalf(block + DAt + (row * 2));
        dmin = TL.LoadHalf(block + DminAt + (row * 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF dmin, TI products, TI minimums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF dx = TL.BroadcastFloat(scale);
        return TL.SubtractFloat(
            TL.Multiply(TL.Multiply(d, dx), TL.ToFloat(products)),
            TL.Multiply(TL.Multiply(dmin, dx), TL.ToFloat(minimums)));
    }

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale)
    {
        int products = 0, minimums = 0;
        for (int j = 0; j < 8; j++)
        {
            int dot = FiveBits.ScalarDot32(block + (j * FiveBits.Bytes32), row, x + (j * 32));
            products += block[ScalesAt + (j * Tile.Rows) + row] * dot;
            int minimum = block[MinimumsAt + (j / 2 * 2 * Tile.Rows) + (row * 2) + (j % 2)];
            for (int c = 0; c < 32; c++)
                minimums += minimum * x[(j * 32) + c];
        }

        float d = HalfBits.ToFloat(((ushort*)(block + DAt))[row]);
        float dmin = HalfBits.ToFloat(((ushort*)(block + DminAt))[row]);
        return (d * scale * products) - (dmin * scale * minimums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockQ5_K);
        for (int r = 0; r < rowCount; r++)
        {
            var source = (BlockQ5_K*)(rows + (r * rowBytes));
            ((Half*)(target + DAt))[r] = source->Scale;
            ((Half*)(target + DminAt))[r] = source->MinimumScale;
            for (int j = 0; j < 8; j++)
            {
                (int scale, int minimum) = KScales.Unpack(source->Scales, j);
                target[ScalesAt + (j * Tile.Rows) + r] = (byte)scale;
                target[MinimumsAt + (j / 2 * 2 * Tile.Rows) + (r * 2) + (j % 2)] = (byte)minimum;
            }
        }

        uint* words = stackalloc uint[32 * Tile.Rows];
        BitPlanes.Words(((BlockQ5_K*)rows)->Quants, rowBytes, rowCount, 32, words);
        for (int j = 0; j < 8; j++)
        {
            uint* from = words + (j / 2 * 8 * Tile.Rows);
            PackNibbles.Block16(from, j % 2 == 1, (uint*)(target + (j * FiveBits.Bytes32)));
        }

        BitPlanes.Words(((BlockQ5_K*)rows)->HighBits, rowBytes, rowCount, 8, words);
        BitPlanes.PackOne(words, target + FiveBits.BitsAt, FiveBits.Bytes32);
    }
}
