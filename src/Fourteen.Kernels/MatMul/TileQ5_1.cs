using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q5_1: value = d·q + m over 32 columns. The term of a block is <c>(d · dx) · Σ q·x + m · (dx · Σ x)</c>, dx the
/// activations' scale: every float operation rounds on its own.
/// </summary>
/// <remarks>
/// Packed block of 16 rows: 32 columns as in <see cref="FiveBits"/>, then 16 halves d, then 16 halves m.
/// </remarks>
internal readonly unsafe struct TileQ5_1 : IBlock32
{
    internal const int ScalesAt = FiveBits.Bytes32;
    internal const int MinimumsAt = ScalesAt + (Tile.Rows * sizeof(ushort));

    public static int BlockBytes => MinimumsAt + (Tile.Rows * sizeof(ushort));

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
        m = TL.LoadHalf(block + MinimumsAt + (row * 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Term<TL, TI, TF>(TF d, TF m, TI dot, float scale, int sum, float scaledSum)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF product = TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(dot));
        return TL.AddFloat(product, TL.Multiply(m, TL.BroadcastFloat(scaledSum)));
    }

    public static float ScalarTerm(byte* block, int row, sbyte* x, float scale, int sum, float scaledSum)
    {
        float d = HalfBits.ToFloat(((ushort*)(block + ScalesAt))[row]);
        float m = HalfBits.ToFloat(((ushort*)(block + MinimumsAt))[row]);
        return (d * scale * FiveBits.ScalarDot32(block, row, x)) + (m * scaledSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        for (int r = 0; r < rowCount; r++)
        {
            BlockQ5_1* source = (BlockQ5_1*)(rows + (r * rowBytes)) + block;
            ((Half*)(target + ScalesAt))[r] = source->Scale;
            ((Half*)(target + MinimumsAt))[r] = source->Minimum;
            FiveBits.Row32(source->Quants, source->HighBits, target, r);
        }
    }
}
