using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q1_0: value = d·(q − 1) with q = 0 or 2, over the 32 columns that have one scale of activations. The term of a block
/// is <c>(d · dx) · (Σ q·x − Σ x)</c>.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 32 columns: 64 bytes of bits as in <see cref="BitPlanes"/>, then 16 halves d, which the
/// file has once for four such blocks.
/// </remarks>
internal readonly unsafe struct TileQ1_0 : IBlock32
{
    internal const int ScalesAt = BitPlanes.Bytes;

    public static int BlockBytes => ScalesAt + (Tile.Rows * sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TL, TI, TF, TN>(
        byte* block, int row, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        dot0 = dot1 = dot2 = dot3 = default;
        TI bits = TL.Load(block + (row * 4));
        Weights<TL, TI, TF>(bits, out TI w0, out TI w1, out TI w2, out TI w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x, stride, ref dot0, ref dot1, ref dot2, ref dot3);
        Weights<TL, TI, TF>(TL.ShiftRight(bits, 4), out w0, out w1, out w2, out w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x + 16, stride, ref dot0, ref dot1, ref dot2, ref dot3);
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
        where TF : struct
    {
        TI centred = TL.Subtract(dot, TL.Broadcast(sum));
        return TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(centred));
    }

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale, int sum, float scaledSum)
    {
        int dot = 0;
        for (int c = 0; c < 32; c++)
            dot += 2 * BitPlanes.One(block, row, c) * x[c];
        return HalfBits.ToFloat(((ushort*)(block + ScalesAt))[row]) * scale * (dot - sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            BlockQ1_0* source = (BlockQ1_0*)(rows + (r * rowBytes)) + (block / 4);
            ((Half*)(target + ScalesAt))[r] = source->Scale;
            ((uint*)target)[r] = BitPlanes.Row32(((uint*)source->Quants)[block % 4]);
        }
    }

    /// <summary>The first 16 of 32 columns as four vectors of bytes 0 or 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights<TL, TI, TF>(TI bits, out TI w0, out TI w1, out TI w2, out TI w3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI mask = TL.Broadcast(0x02020202);
        w0 = TL.And(TL.ShiftLeft(bits, 1), mask);
        w1 = TL.And(bits, mask);
        w2 = TL.And(TL.ShiftRight(bits, 1), mask);
        w3 = TL.And(TL.ShiftRight(bits, 2), mask);
    }
}
