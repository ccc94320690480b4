using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>The order of additions that all tiles over 32-column blocks share, and the store of a tile.</summary>
internal static unsafe class Blocks
{
    /// <summary>Adds the sums of up to 256 columns to the totals and starts new ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fold<TL, TI, TF, TN>(
        ref TF total0, ref TF total1, ref TF total2, ref TF total3,
        ref TF part0, ref TF part1, ref TF part2, ref TF part3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        total0 = TL.AddFloat(total0, part0);
        part0 = default;
        if (TN.Count > 1)
        {
            total1 = TL.AddFloat(total1, part1);
            part1 = default;
        }

        if (TN.Count > 2)
        {
            total2 = TL.AddFloat(total2, part2);
            total3 = TL.AddFloat(total3, part3);
            part2 = default;
            part3 = default;
        }
    }

    /// <summary>The same for one row and token, at the end of every eighth block and of the row.</summary>
    internal static void Fold(ref float total, ref float part, int block, int blocks)
    {
        if ((block & 7) != 7 && block != blocks - 1)
            return;
        total += part;
        part = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<TL, TI, TF, TN>(float* target, nint stride, TF value0, TF value1, TF value2, TF value3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TL.Store(target, value0);
        if (TN.Count > 1)
            TL.Store(target + stride, value1);
        if (TN.Count > 2)
        {
            TL.Store(target + (2 * stride), value2);
            TL.Store(target + (3 * stride), value3);
        }
    }
}
