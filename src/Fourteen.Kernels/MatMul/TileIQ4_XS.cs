using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// IQ4_XS: value = d·sc_j·level[q] in sub-blocks j of 32 columns, sc_j in [−32, 31]. The term of 256 columns is
/// <c>(d · dx) · Σ_j sc_j·(Σ level·x)</c>, an exact integer: at most 8 · 32 · 32 · 127 · 127 &lt; 2^31.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 8 sub-blocks of nibbles as in <see cref="PackNibbles"/>, then 8 × 16 signed
/// scales (widened from 6 to 8 bits), then 16 halves d.
/// </remarks>
internal readonly unsafe struct TileIQ4_XS : IBlock256
{
    internal const int ScalesAt = 8 * PackNibbles.Bytes32;
    internal const int DAt = ScalesAt + (8 * Tile.Rows);

    public static int BlockBytes => DAt + (Tile.Rows * sizeof(ushort));

    public static int MinimumColumns => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Products<TL, TI, TF, TN>(
        byte* block, int row, int j, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        LevelDot.Block32<TL, TI, TF, TN>(
            block + (j * PackNibbles.Bytes32) + (row * 4), x, stride,
            out TI dot0, out TI dot1, out TI dot2, out TI dot3);
        TI scale = TL.LoadSignedBytes((sbyte*)block + ScalesAt + (j * Tile.Rows) + row);
        sum0 = TL.Add(sum0, TL.MultiplyInt(dot0, scale));
        if (TN.Count > 1)
            sum1 = TL.Add(sum1, TL.MultiplyInt(dot1, scale));
        if (TN.Count > 2)
        {
            sum2 = TL.Add(sum2, TL.MultiplyInt(dot2, scale));
            sum3 = TL.Add(sum3, TL.MultiplyInt(dot3, scale));
        }
    }

    public static TI Minimums<TL, TI, TF>(byte* block, int row, int pair)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF dmin)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        d = TL.LoadHalf(block + DAt + (row * 2));
        dmin = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF dmin, TI products, TI minimums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(products));

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale)
    {
        int products = 0;
        for (int j = 0; j < 8; j++)
        {
            int dot = LevelDot.ScalarDot32(block + (j * PackNibbles.Bytes32), row, x + (j * 32));
            products += ((sbyte*)block)[ScalesAt + (j * Tile.Rows) + row] * dot;
        }

        return HalfBits.ToFloat(((ushort*)(block + DAt))[row]) * scale * products;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            BlockIQ4_XS* source = (BlockIQ4_XS*)(rows + (r * rowBytes)) + block;
            ((Half*)(target + DAt))[r] = source->Scale;
            for (int j = 0; j < 8; j++)
            {
                target[ScalesAt + (j * Tile.Rows) + r] = (byte)BlockIQ4_XS.UnpackScale(source, j);
                PackNibbles.Row32(source->Quants + (16 * j), target + (j * PackNibbles.Bytes32), r);
            }
        }
    }
}
