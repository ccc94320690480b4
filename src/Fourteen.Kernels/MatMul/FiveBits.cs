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

    /// <summary>Σ q·x of 32 columns of one row.</summary>
    internal static int ScalarDot32(byte* block, int row, sbyte* x)
    {
        int dot = PackNibbles.ScalarDot32(block, row, x);
        for (int column = 0; column < 32; column++)
            dot += 16 * BitPlanes.One(block + BitsAt, row, column) * x[column];
        return dot;
    }
}
