using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Five-bit weights of 32 columns of 16 rows: nibbles in the layout of <see cref="PackNibbles"/>, then the fifth bits
/// in that of <see cref="BitPlanes"/>.
/// </summary>
internal static unsafe class FiveBits
{
    internal const int BitsAt = PackNibbles.Bytes32;

    /// <summary>Bytes of 32 columns of 16 rows.</summary>
    internal const int Bytes32 = BitsAt + BitPlanes.Bytes;

    /// <summary>Four vectors of columns 0 … 15, or of 16 … 31, as bytes 0 … 31.</summary>
    /// <param name="block">The first byte of the first of the rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Weights<TL, TI, TF>(byte* block, bool second, out TI w0, out TI w1, out TI w2, out TI w3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI nibbles = TL.Broadcast(0x0F0F0F0F);
        TI fifth = TL.Broadcast(0x10101010);
        byte* at = block + (second ? 128 : 0);
        TI front = TL.Load(at), rear = TL.Load(at + 64), bits = TL.Load(block + BitsAt);
        if (second)
            bits = TL.ShiftRight(bits, 4);
        w0 = TL.Or(TL.And(front, nibbles), TL.And(TL.ShiftLeft(bits, 4), fifth));
        w1 = TL.Or(TL.And(TL.ShiftRight(front, 4), nibbles), TL.And(TL.ShiftLeft(bits, 3), fifth));
        w2 = TL.Or(TL.And(rear, nibbles), TL.And(TL.ShiftLeft(bits, 2), fifth));
        w3 = TL.Or(TL.And(TL.ShiftRight(rear, 4), nibbles), TL.And(TL.ShiftLeft(bits, 1), fifth));
    }

    /// <summary>
    /// Σ q·x of 32 columns for up to four tokens, as one 32-bit integer a lane; <paramref name="block"/> is the first
    /// byte of the first of the rows. 127 · (31 + 31) · 4 additions = 31,496 fits the 16-bit running sums, so they are
    /// widened after 16 columns.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Dot32<TL, TI, TF, TN>(
        byte* block, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        dot0 = dot1 = dot2 = dot3 = default;
        Weights<TL, TI, TF>(block, false, out TI w0, out TI w1, out TI w2, out TI w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x, stride, ref dot0, ref dot1, ref dot2, ref dot3);
        Weights<TL, TI, TF>(block, true, out w0, out w1, out w2, out w3);
        QuadDot.Add16<TL, TI, TF, TN>(w0, w1, w2, w3, x + 16, stride, ref dot0, ref dot1, ref dot2, ref dot3);
    }

    /// <summary>One row's nibbles and fifth bits in the order of Q5_0: bit c is that of column c.</summary>
    internal static void Row32(byte* nibbles, uint bits, byte* target, int row)
    {
        PackNibbles.Row32(nibbles, target, row);
        ((uint*)(target + BitsAt))[row] = BitPlanes.Row32(bits);
    }

    /// <summary>Σ q·x of 32 columns of one row.</summary>
    internal static int ScalarDot32(byte* block, int row, sbyte* x)
    {
        int dot = PackNibbles.ScalarDot32(block, row, x);
        for (int column = 0; column < 32; column++)
            dot += 16 * BitPlanes.One(block + BitsAt, row, column) * x[column];
        return dot;
    }
}
