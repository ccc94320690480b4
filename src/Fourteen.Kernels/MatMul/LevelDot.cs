using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Weights that are one of the sixteen levels of <see cref="BlockIQ4_NL.Levels"/>, in the layout of
/// <see cref="PackNibbles"/>, times bytes.
/// </summary>
internal static unsafe class LevelDot
{
    /// <summary>The levels for <see cref="ILanes{TI,TF}.Lookup"/>: constants for the compiler.</summary>
    private static Vector128<sbyte> Table => Vector128.Create(BlockIQ4_NL.Levels);

    /// <summary>Σ level·x of 32 columns for up to four tokens, as one 32-bit integer a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Block32<TL, TI, TF, TN>(
        byte* weights, sbyte* x, nint stride, out TI dot0, out TI dot1, out TI dot2, out TI dot3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI mask = TL.Broadcast(0x0F0F0F0F), table = TL.Table(Table);
        TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int v = 0; v < 4; v++)
        {
            TI packed = TL.Load(weights + (v * 64));
            TI low = TL.Lookup(table, TL.And(packed, mask));
            TI high = TL.Lookup(table, TL.And(TL.ShiftRight(packed, 4), mask));
            TI lowSize = TL.AbsoluteBytes(low), highSize = TL.AbsoluteBytes(high);
            sbyte* at = x + (v * 8);
            sum0 = TL.DotSigned(sum0, low, lowSize, TL.Broadcast4(at));
            sum0 = TL.DotSigned(sum0, high, highSize, TL.Broadcast4(at + 4));
            if (TN.Count > 1)
            {
                sum1 = TL.DotSigned(sum1, low, lowSize, TL.Broadcast4(at + stride));
                sum1 = TL.DotSigned(sum1, high, highSize, TL.Broadcast4(at + stride + 4));
            }

            if (TN.Count > 2)
            {
                sum2 = TL.DotSigned(sum2, low, lowSize, TL.Broadcast4(at + (2 * stride)));
                sum2 = TL.DotSigned(sum2, high, highSize, TL.Broadcast4(at + (2 * stride) + 4));
                sum3 = TL.DotSigned(sum3, low, lowSize, TL.Broadcast4(at + (3 * stride)));
                sum3 = TL.DotSigned(sum3, high, highSize, TL.Broadcast4(at + (3 * stride) + 4));
            }
        }

        dot0 = sum0;
        dot1 = sum1;
        dot2 = sum2;
        dot3 = sum3;
    }

    /// <summary>The same for one row.</summary>
    internal static int ScalarDot32(byte* weights, int row, sbyte* x)
    {
        int dot = 0;
        for (int column = 0; column < 32; column++)
            dot += BlockIQ4_NL.Levels[PackNibbles.Value(weights, row, column)] * x[column];
        return dot;
    }
}
