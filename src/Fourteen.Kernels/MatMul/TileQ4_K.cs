using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q4_K: value = d·sc_j·q − dmin·m_j in sub-blocks j of 32 columns. The term of 256 columns is
/// <c>(d · dx) · Σ_j sc_j·(Σ q·x) − (dmin · dx) · Σ_j m_j·(Σ x)</c>, both sums exact integers: |Σ sc·dot| is at most
/// 8 · 63 · 60,960 &lt; 2^31. Terms are added in order.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 8 sub-blocks of nibbles as in <see cref="TileQ4_1"/>, then 8 × 16 bytes of
/// scales (widened from 6 to 8 bits), 4 × 16 pairs of minimums (sub-blocks 2p and 2p + 1), 16 halves d, 16 halves dmin.
/// </remarks>
internal readonly unsafe struct TileQ4_K : ITile
{
    internal const int BlockBytes = DminAt + (Tile.Rows * sizeof(ushort));
    internal const int ScalesAt = 8 * PackNibbles.Bytes32;
    internal const int MinimumsAt = ScalesAt + (8 * Tile.Rows);
    internal const int DAt = MinimumsAt + (8 * Tile.Rows);
    internal const int DminAt = DAt + (Tile.Rows * sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TL, TI, TF, TN>(
        byte* group, int vector, int blocks, in ActivationRows x, int token, float* output, nint stride)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        int row = vector * TL.Count;
        nint bs = x.BlockStride;
        sbyte* x0 = x.Quants + (token * x.QuantStride);
        float* scales = x.Scales + (token * bs);
        short* sums = x.Sums32 + (token * bs * 8);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        for (int b = 0; b < blocks; b++)
        {
            Products<TL, TI, TF, TN>(
                group, row, x0, x.QuantStride, out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TF d = TL.LoadHalf(group + DAt + (row * 2));
            TF dmin = TL.LoadHalf(group + DminAt + (row * 2));
            byte* minimums = group + MinimumsAt + (row * 2);
            total0 = TL.AddFloat(total0, Term<TL, TI, TF>(d, dmin, dot0, minimums, sums, scales[b]));
            if (TN.Count > 1)
            {
                total1 = TL.AddFloat(
                    total1, Term<TL, TI, TF>(d, dmin, dot1, minimums, sums + (8 * bs), scales[b + bs]));
            }

            if (TN.Count > 2)
            {
                total2 = TL.AddFloat(
                    total2, Term<TL, TI, TF>(d, dmin, dot2, minimums, sums + (16 * bs), scales[b + (2 * bs)]));
                total3 = TL.AddFloat(
                    total3, Term<TL, TI, TF>(d, dmin, dot3, minimums, sums + (24 * bs), scales[b + (3 * bs)]));
            }

            group += BlockBytes;
            x0 += 256;
            sums += 8;
        }

        Tile.Store<TL, TI, TF, TN>(output + (token * stride) + row, stride, total0, total1, total2, total3);
    }

    public static float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token)
    {
        float total = 0;
        for (int b = 0; b < blocks; b++, group += BlockBytes)
        {
            sbyte* quants = x.Quants + (token * x.QuantStride) + (b * 256);
            short* sums = x.Sums32 + (((token * x.BlockStride) + b) * 8);
            int products = 0, minimums = 0;
            for (int j = 0; j < 8; j++)
            {
                int dot = PackNibbles.ScalarDot32(group + (j * PackNibbles.Bytes32), row, quants + (j * 32));
                products += group[ScalesAt + (j * Tile.Rows) + row] * dot;
                minimums += group[MinimumsAt + (j / 2 * 2 * Tile.Rows) + (row * 2) + (j % 2)] * sums[j];
            }

            float scale = x.Scales[(token * x.BlockStride) + b];
            float d = HalfBits.ToFloat(((ushort*)(group + DAt))[row]);
            float dmin = HalfBits.ToFloat(((ushort*)(group + DminAt))[row]);
            total += (d * scale * products) - (dmin * scale * minimums);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockQ4_K);
        for (int r = 0; r < rowCount; r++)
        {
            var source = (BlockQ4_K*)(rows + (r * rowBytes));
            ((Half*)(target + DAt))[r] = source->Scale;
            ((Half*)(target + DminAt))[r] = source->MinimumScale;
            for (int j = 0; j < 8; j++)
            {
                (int scale, int minimum) = KScales.Unpack(source->Scales, j);
                target[ScalesAt + (j * Tile.Rows) + r] = (byte)scale;
                target[MinimumsAt + (j / 2 * 2 * Tile.Rows) + (r * 2) + (j % 2)] = (byte)minimum;
            }

            for (int chunk = 0; rowCount < Tile.Rows && chunk < 4; chunk++)
                PackNibbles.Row64(source->Quants + (chunk * 32), target + (chunk * 2 * PackNibbles.Bytes32), r);
        }

        if (rowCount < Tile.Rows)
            return;
        uint* words = stackalloc uint[32 * Tile.Rows];
        Transpose.Words16(((BlockQ4_K*)rows)->Quants, rowBytes, 32, words);
        for (int j = 0; j < 8; j++)
        {
            uint* from = words + (j / 2 * 8 * Tile.Rows);
            PackNibbles.Block16(from, j % 2 == 1, (uint*)(target + (j * PackNibbles.Bytes32)));
        }
    }

    /// <summary>Σ_j sc_j · (Σ q·x) over the eight sub-blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products<TL, TI, TF, TN>(
        byte* group, int row, sbyte* x, nint stride, out TI sum0, out TI sum1, out TI sum2, out TI sum3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TI product0 = default, product1 = default, product2 = default, product3 = default;
        for (int j = 0; j < 8; j++)
        {
            NibbleDot.Block32<TL, TI, TF, TN>(
                group + (j * PackNibbles.Bytes32) + (row * 4), x + (j * 32), stride,
                out TI dot0, out TI dot1, out TI dot2, out TI dot3);
            TI scale = TL.LoadBytes(group + ScalesAt + (j * Tile.Rows) + row);
            scale = TL.PrepareScale(TL.Or(scale, TL.ShiftLeft(scale, 16)));
            product0 = TL.Add(product0, TL.Scale(dot0, scale));
            if (TN.Count > 1)
                product1 = TL.Add(product1, TL.Scale(dot1, scale));
            if (TN.Count > 2)
            {
                product2 = TL.Add(product2, TL.Scale(dot2, scale));
                product3 = TL.Add(product3, TL.Scale(dot3, scale));
            }
        }

        sum0 = product0;
        sum1 = product1;
        sum2 = product2;
        sum3 = product3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Term<TL, TI, TF>(TF d, TF dmin, TI products, byte* minimums, short* sums, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI m = TL.MultiplyPairs(TL.LoadBytePairs(minimums), TL.Broadcast4(sums));
        for (int pair = 1; pair < 4; pair++)
        {
            TI both = TL.LoadBytePairs(minimums + (pair * 2 * Tile.Rows));
            m = TL.Add(m, TL.MultiplyPairs(both, TL.Broadcast4(sums + (2 * pair))));
        }

        TF dx = TL.BroadcastFloat(scale);
        return TL.SubtractFloat(
            TL.Multiply(TL.Multiply(d, dx), TL.ToFloat(products)),
            TL.Multiply(TL.Multiply(dmin, dx), TL.ToFloat(m)));
    }
}
