using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q5_0: value = d·(q − 16) over 32 columns. The term of a block is <c>(d · dx) · (Σ q·x − 16·Σ x)</c>. Packed as
/// <see cref="TileQ5_1"/> without the minimums.
/// </summary>
internal readonly unsafe struct TileQ5_0 : IBlock32
{
    internal const int ScalesAt = FiveBits.Bytes32;

    public static int BlockBytes => ScalesAt + (Tile.Rows * sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TL, TI, TF, TN>(
        byte* block, int row, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount =>
        FiveBits.Dot32<TL, TI, TF, TN>(block + (row * 4), x, stride, out dot0, out dot1, out dot2, out dot3);

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
        TI centred = TL.Subtract(dot, TL.Broadcast(16 * sum));
        return TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(centred));
    }

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale, int sum, float scaledSum)
    {
        float d = HalfBits.ToFloat(((ushort*)(block + ScalesAt))[row]);
        return d * scale * (FiveBits.ScalarDot32(block, row, x) - (16 * sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            BlockQ5_0* source = (BlockQ5_0*)(rows + (r * rowBytes)) + block;
            ((Half*)(target + ScalesAt))[r] = source->Scale;
            FiveBits.Row32(source->Quants, source->HighBits, target, r);
        }
    }
}
