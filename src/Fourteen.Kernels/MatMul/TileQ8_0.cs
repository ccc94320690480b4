using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q8_0: value = d·q over 32 columns. The term of a block is <c>(d · dx) · Σ q·x</c>.
/// </summary>
/// <remarks>
/// Packed block of 16 rows: 8 × 64 bytes, vector v with columns 4v … 4v + 3 of each row, then 16 halves d.
/// </remarks>
internal readonly unsafe struct TileQ8_0 : IBlock32
{
    internal const int ScalesAt = 32 * Tile.Rows;

    public static int BlockBytes => ScalesAt + (Tile.Rows * sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TL, TI, TF, TN>(
        byte* block, int row, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int quad = 0; quad < 8; quad++)
        {
            TI w = TL.Load(block + (row * 4) + (quad * 64));
            TI absolute = TL.AbsoluteBytes(w);
            sbyte* at = x + (quad * 4);
            sum0 = TL.DotSigned(sum0, w, absolute, TL.Broadcast4(at));
            if (TN.Count > 1)
                sum1 = TL.DotSigned(sum1, w, absolute, TL.Broadcast4(at + stride));
            if (TN.Count > 2)
            {
                sum2 = TL.DotSigned(sum2, w, absolute, TL.Broadcast4(at + (2 * stride)));
                sum3 = TL.DotSigned(sum3, w, absolute, TL.Broadcast4(at + (3 * stride)));
            }
        }

        dot0 = sum0;
        dot1 = sum1;
        dot2 = sum2;
        dot3 = sum3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TL, TI, TF>(byte* block, int row, out TF d, out TF m)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        d = TL.LoadHalf(block + ScalesAt + (row * 2));
        m = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF m, TI dot, float scale, int sum, float scaledSum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(dot));

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale, int sum, float scaledSum)
    {
        int dot = 0;
        for (int c = 0; c < 32; c++)
            dot += ((sbyte*)block)[(c / 4 * 64) + (row * 4) + (c % 4)] * x[c];
        return HalfBits.ToFloat(((ushort*)(block + ScalesAt))[row]) * scale * dot;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            BlockQ8_0* source = (BlockQ8_0*)(rows + (r * rowBytes)) + block;
            ((Half*)(target + ScalesAt))[r] = source->Scale;
            for (int quad = 0; quad < 8; quad++)
                *(int*)(target + (quad * 64) + (r * 4)) = *(int*)(source->Quants + (quad * 4));
        }
    }
}
