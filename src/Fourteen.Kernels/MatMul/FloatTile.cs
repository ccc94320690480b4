using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// The product in 32-bit floats that serves every type: a tile of up to 256 columns of 16 rows, as floats
/// [columns, 16], times float activations. Within the tile the even and the odd columns are two chains of fused
/// multiply-adds in index order, and their sum is one term; terms of a row are added in order. This is all of
/// <c>--precise</c>, and the fast path of F16, BF16 and F32.
/// </summary>
internal static unsafe class FloatTile
{
    /// <summary>Columns of a tile: the longest block of any type, so tiles cut no block.</summary>
    internal const int Columns = 256;

    /// <summary>
    /// output[t, r] (+)= Σ_c tile[c, r] · x[t, c], replacing where <paramref name="first"/>. Strides are in floats.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TL, TI, TF>(
        float* tile, int columns, float* x, nint xStride, int tokens, float* output, nint stride, bool first)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        int token = 0;
        for (; token + 4 <= tokens; token += 4)
        {
            for (int row = 0; row < Tile.Rows; row += TL.Count)
            {
                FourTokens<TL, TI, TF>(
                    tile + row, columns, x + (token * xStride), xStride, output + (token * stride) + row, stride,
                    first);
            }
        }

        for (; token < tokens; token++)
        {
            float* to = output + (token * stride);
            float* from = x + (token * xStride);
            int row = 0;
            for (; row + (2 * TL.Count) <= Tile.Rows; row += 2 * TL.Count)
                OneToken<TL, TI, TF>(tile + row, columns, from, to + row, first);
            for (; row < Tile.Rows; row += TL.Count)
                OneTokenOneVector<TL, TI, TF>(tile + row, columns, from, to + row, first);
        }
    }

    /// <summary>The twin of <see cref="Run{TL,TI,TF}"/> that defines its answer.</summary>
    internal static void RunScalar(
        float* tile, int columns, float* x, nint xStride, int tokens, float* output, nint stride, bool first)
    {
        for (int token = 0; token < tokens; token++)
        {
            for (int row = 0; row < Tile.Rows; row++)
            {
                float even = 0, odd = 0;
                for (int c = 0; c < columns; c += 2)
                    even = MathF.FusedMultiplyAdd(tile[(c * Tile.Rows) + row], x[(token * xStride) + c], even);
                for (int c = 1; c < columns; c += 2)
                    odd = MathF.FusedMultiplyAdd(tile[(c * Tile.Rows) + row], x[(token * xStride) + c], odd);
                float* to = output + (token * stride) + row;
                *to = first ? even + odd : *to + (even + odd);
            }
        }
    }

    /// <summary>The tile product on the path of <paramref name="isa"/>.</summary>
    internal static void Run(
        IsaPath isa, float* tile, int columns, float* x, nint xStride, int tokens, float* output, nint stride,
        bool first)
    {
        switch (isa)
        {
            case IsaPath.Avx512Vnni:
            case IsaPath.Avx512:
                Run<Lanes512, V512I, V512F>(tile, columns, x, xStride, tokens, output, stride, first);
                break;
            case IsaPath.AvxVnni:
            case IsaPath.Avx2:
                Run<Lanes256<PairProducts>, V256I, V256F>(tile, columns, x, xStride, tokens, output, stride, first);
                break;
            case IsaPath.Vector128:
                Run<Lanes128, V128I, V128F>(tile, columns, x, xStride, tokens, output, stride, first);
                break;
            default:
                RunScalar(tile, columns, x, xStride, tokens, output, stride, first);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourTokens<TL, TI, TF>(
        float* tile, int columns, float* x, nint xStride, float* output, nint stride, bool first)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF even0 = default, even1 = default, even2 = default, even3 = default;
        TF odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        float* x2 = x + (2 * xStride);
        int c = 0;
        for (; c + 2 <= columns; c += 2, tile += 2 * Tile.Rows)
        {
            TF w = TL.LoadFloat(tile);
            even0 = TL.Fma(w, TL.BroadcastFloat(x[c]), even0);
            even1 = TL.Fma(w, TL.BroadcastFloat(x[c + xStride]), even1);
            even2 = TL.Fma(w, TL.BroadcastFloat(x2[c]), even2);
            even3 = TL.Fma(w, TL.BroadcastFloat(x2[c + xStride]), even3);
            TF v = TL.LoadFloat(tile + Tile.Rows);
            odd0 = TL.Fma(v, TL.BroadcastFloat(x[c + 1]), odd0);
            odd1 = TL.Fma(v, TL.BroadcastFloat(x[c + 1 + xStride]), odd1);
            odd2 = TL.Fma(v, TL.BroadcastFloat(x2[c + 1]), odd2);
            odd3 = TL.Fma(v, TL.BroadcastFloat(x2[c + 1 + xStride]), odd3);
        }

        if (c < columns)
        {
            TF w = TL.LoadFloat(tile);
            even0 = TL.Fma(w, TL.BroadcastFloat(x[c]), even0);
            even1 = TL.Fma(w, TL.BroadcastFloat(x[c + xStride]), even1);
            even2 = TL.Fma(w, TL.BroadcastFloat(x2[c]), even2);
            even3 = TL.Fma(w, TL.BroadcastFloat(x2[c + xStride]), even3);
        }

        Put<TL, TI, TF>(output, even0, odd0, first);
        Put<TL, TI, TF>(output + stride, even1, odd1, first);
        Put<TL, TI, TF>(output + (2 * stride), even2, odd2, first);
        Put<TL, TI, TF>(output + (3 * stride), even3, odd3, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneToken<TL, TI, TF>(float* tile, int columns, float* x, float* output, bool first)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF even0 = default, even1 = default, odd0 = default, odd1 = default;
        int c = 0;
        for (; c + 2 <= columns; c += 2, tile += 2 * Tile.Rows)
        {
            TF value = TL.BroadcastFloat(x[c]);
            even0 = TL.Fma(TL.LoadFloat(tile), value, even0);
            even1 = TL.Fma(TL.LoadFloat(tile + TL.Count), value, even1);
            TF next = TL.BroadcastFloat(x[c + 1]);
            odd0 = TL.Fma(TL.LoadFloat(tile + Tile.Rows), next, odd0);
            odd1 = TL.Fma(TL.LoadFloat(tile + Tile.Rows + TL.Count), next, odd1);
        }

        if (c < columns)
        {
            TF value = TL.BroadcastFloat(x[c]);
            even0 = TL.Fma(TL.LoadFloat(tile), value, even0);
            even1 = TL.Fma(TL.LoadFloat(tile + TL.Count), value, even1);
        }

        Put<TL, TI, TF>(output, even0, odd0, first);
        Put<TL, TI, TF>(output + TL.Count, even1, odd1, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneTokenOneVector<TL, TI, TF>(float* tile, int columns, float* x, float* output, bool first)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF even = default, odd = default;
        int c = 0;
        for (; c + 2 <= columns; c += 2, tile += 2 * Tile.Rows)
        {
            even = TL.Fma(TL.LoadFloat(tile), TL.BroadcastFloat(x[c]), even);
            odd = TL.Fma(TL.LoadFloat(tile + Tile.Rows), TL.BroadcastFloat(x[c + 1]), odd);
        }

        if (c < columns)
            even = TL.Fma(TL.LoadFloat(tile), TL.BroadcastFloat(x[c]), even);
        Put<TL, TI, TF>(output, even, odd, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TL, TI, TF>(float* output, TF even, TF odd, bool first)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TF sum = TL.AddFloat(even, odd);
        TL.Store(output, first ? sum : TL.AddFloat(TL.LoadFloat(output), sum));
    }
}
