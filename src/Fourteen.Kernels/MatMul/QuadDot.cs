using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Sixteen columns, as four vectors of four unsigned bytes a row, times up to four tokens. Weights are at most 32,
/// since 127 · (32 + 32) · 4 additions = 32,512 fits the 16-bit running sums.
/// </summary>
internal static unsafe class QuadDot
{
    /// <summary>Adds the products of 16 columns to sums of 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Add16<TL, TI, TF, TN>(
        TI w0, TI w1, TI w2, TI w3, sbyte* x, nint stride, ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        sum0 = TL.Add(sum0, TL.Widen(Columns16<TL, TI, TF>(w0, w1, w2, w3, x)));
        if (TN.Count > 1)
            sum1 = TL.Add(sum1, TL.Widen(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + stride)));
        if (TN.Count > 2)
        {
            sum2 = TL.Add(sum2, TL.Widen(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + (2 * stride))));
            sum3 = TL.Add(sum3, TL.Widen(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + (3 * stride))));
        }
    }

    /// <summary>Adds the products of 16 columns, times their scale, to sums of 32-bit integers.</summary>
    /// <param name="scale">As <see cref="ILanes{TI,TF}.PrepareScale"/> gives it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddScaled16<TL, TI, TF, TN>(
        TI w0, TI w1, TI w2, TI w3, TI scale, sbyte* x, nint stride,
        ref TI sum0, ref TI sum1, ref TI sum2, ref TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        sum0 = TL.Add(sum0, TL.Scale(Columns16<TL, TI, TF>(w0, w1, w2, w3, x), scale));
        if (TN.Count > 1)
            sum1 = TL.Add(sum1, TL.Scale(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + stride), scale));
        if (TN.Count > 2)
        {
            sum2 = TL.Add(sum2, TL.Scale(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + (2 * stride)), scale));
            sum3 = TL.Add(sum3, TL.Scale(Columns16<TL, TI, TF>(w0, w1, w2, w3, x + (3 * stride)), scale));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Columns16<TL, TI, TF>(TI w0, TI w1, TI w2, TI w3, sbyte* x)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI dot = TL.DotAdd(TL.DotAdd(default, w0, TL.Broadcast4(x)), w1, TL.Broadcast4(x + 4));
        return TL.DotAdd(TL.DotAdd(dot, w2, TL.Broadcast4(x + 8)), w3, TL.Broadcast4(x + 12));
    }
}
