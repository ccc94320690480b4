using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// Q6_K: value = d·sc_u·(q − 32) in sub-blocks u of 16 columns. The term of 256 columns is
/// <c>(d · dx) · Σ_u sc_u·(Σ q·x − 32·Σ x)</c>, an exact integer: at most 16 · 128 · 16 · 63 · 127 &lt; 2^31. Terms are
/// added in order.
/// </summary>
/// <remarks>
/// Packed block of 16 rows, 256 columns: 8 × 32 columns of low nibbles as in <see cref="TileQ4_1"/>; then 16 × 64 bytes
/// of high bits, vector u with two bits each for the four column quads of sub-block u, from the lowest bits up; then
/// 16 × 16 signed scales; then 16 halves d. 127 · (63 + 63) · 2 additions = 32,004 fits the 16-bit running sums, so
/// they are scaled after two quads.
/// </remarks>
internal readonly unsafe struct TileQ6_K : ITile
{
    internal const int BlockBytes = DAt + (Tile.Rows * sizeof(ushort));
    internal const int HighAt = 8 * PackNibbles.Bytes32;
    internal const int ScalesAt = HighAt + (16 * 64);
    internal const int DAt = ScalesAt + (16 * Tile.Rows);

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
        int* offsets = x.Offsets16 + (token * bs * 16);
        TF total0 = default, total1 = default, total2 = default, total3 = default;
        for (int b = 0; b < blocks; b++)
        {
            TI sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int u = 0; u < 16; u++)
            {
                Weights<TL, TI, TF>(group, row, u, out TI w0, out TI w1, out TI w2, out TI w3);
                TI scale = TL.LoadSignedBytes((sbyte*)group + ScalesAt + (u * Tile.Rows) + row);
                TI pairs = TL.Or(TL.And(scale, TL.Broadcast(0xFFFF)), TL.ShiftLeft(scale, 16));
                TI prepared = TL.PrepareScale(pairs);
                sbyte* at = x0 + (u * 16);
                nint xs = x.QuantStride;
                sum0 = SubBlock<TL, TI, TF>(sum0, w0, w1, w2, w3, at, pairs, prepared, offsets + u);
                if (TN.Count > 1)
                {
                    int* o = offsets + u + (16 * bs);
                    sum1 = SubBlock<TL, TI, TF>(sum1, w0, w1, w2, w3, at + xs, pairs, prepared, o);
                }

                if (TN.Count > 2)
                {
                    int* o = offsets + u + (32 * bs);
                    sum2 = SubBlock<TL, TI, TF>(sum2, w0, w1, w2, w3, at + (2 * xs), pairs, prepared, o);
                    sum3 = SubBlock<TL, TI, TF>(sum3, w0, w1, w2, w3, at + (3 * xs), pairs, prepared, o + (16 * bs));
                }
            }

            TF d = TL.LoadHalf(group + DAt + (row * 2));
            total0 = TL.AddFloat(total0, Term<TL, TI, TF>(d, sum0, scales[b]));
            if (TN.Count > 1)
                total1 = TL.AddFloat(total1, Term<TL, TI, TF>(d, sum1, scales[b + bs]));
            if (TN.Count > 2)
            {
                total2 = TL.AddFloat(total2, Term<TL, TI, TF>(d, sum2, scales[b + (2 * bs)]));
                total3 = TL.AddFloat(total3, Term<TL, TI, TF>(d, sum3, scales[b + (3 * bs)]));
            }

            group += BlockBytes;
            x0 += 256;
            offsets += 16;
        }

        Tile.Store<TL, TI, TF, TN>(output + (token * stride) + row, stride, total0, total1, total2, total3);
    }

    public static float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token)
    {
        float total = 0;
        for (int b = 0; b < blocks; b++, group += BlockBytes)
        {
            sbyte* quants = x.Quants + (token * x.QuantStride) + (b * 256);
            int sum = 0;
            for (int c = 0; c < 256; c++)
            {
                int low = group[(c / 8 * 64) + (row * 4) + (c % 4)] >> (c % 8 < 4 ? 0 : 4) & 15;
                int high = group[HighAt + (c / 16 * 64) + (row * 4) + (c % 4)] >> (c % 16 / 4 * 2) & 3;
                int scale = ((sbyte*)group)[ScalesAt + (c / 16 * Tile.Rows) + row];
                sum += scale * ((low | (high << 4)) - 32) * quants[c];
            }

            float d = HalfBits.ToFloat(((ushort*)(group + DAt))[row]);
            total += d * x.Scales[(token * x.BlockStride) + b] * sum;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte* rows, long rowBytes, int rowCount, int block, byte* target)
    {
        rows += block * sizeof(BlockQ6_K);
        for (int r = 0; r < rowCount; r++)
        {
            var source = (BlockQ6_K*)(rows + (r * rowBytes));
            ((Half*)(target + DAt))[r] = source->Scale;
            for (int u = 0; u < 16; u++)
                target[ScalesAt + (u * Tile.Rows) + r] = (byte)source->Scales[u];
            if (rowCount < Tile.Rows)
                PackRow(source, target, r);
        }

        if (rowCount == Tile.Rows)
            PackRows(rows, rowBytes, target);
    }

    /// <summary>The bits of one row of a block: defines the layout, and serves the last rows of a matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRow(BlockQ6_K* source, byte* target, int r)
    {
        for (int quad = 0; quad < 64; quad++)
        {
            // Columns 4·quad … + 3 lie in one 32-column run of ggml's layout, and so in one word of ql and of qh.
            int half = quad / 32, run = quad % 32 / 8, word = quad % 8;
            uint* lowBits = (uint*)(source->LowBits + (64 * half) + (32 * (run % 2)));
            uint low = lowBits[word] >> (4 * (run / 2)) & 0x0F0F0F0F;
            uint high = ((uint*)(source->HighBits + (32 * half)))[word] >> (2 * run) & 0x03030303;
            uint* nibbles = (uint*)target + (quad / 2 * Tile.Rows) + r;
            uint* bits = (uint*)(target + HighAt) + (quad / 4 * Tile.Rows) + r;
            *nibbles = quad % 2 == 0 ? low : *nibbles | (low << 4);
            *bits = quad % 4 == 0 ? high : *bits | (high << (2 * (quad % 4)));
        }
    }

    /// <summary>The bits of 16 rows of a block as <see cref="PackRow"/> has them, a vector of rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows(byte* rows, long rowBytes, byte* target)
    {
        BlockQ6_K* first = (BlockQ6_K*)rows;
        uint* words = stackalloc uint[32 * Tile.Rows]; // ql, then qh: a row has 32 and 16 words.
        Transpose.Words16(first->LowBits, rowBytes, 32, words);
        for (int run = 0; run < 8; run++)
        {
            // Of each half of 128 columns the first 64 are low nibbles, run by run of 32.
            uint* from = words + (((run / 4 * 16) + (run % 2 * 8)) * Tile.Rows);
            PackNibbles.Block16(from, run % 4 >= 2, (uint*)(target + (run * PackNibbles.Bytes32)));
        }

        Transpose.Words16(first->HighBits, rowBytes, 16, words);
        BitPlanes.PackTwo(words, target + HighAt);
    }

    /// <summary>The four quads of sub-block u as bytes 0 … 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights<TL, TI, TF>(byte* group, int row, int u, out TI w0, out TI w1, out TI w2, out TI w3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI nibbles = TL.Broadcast(0x0F0F0F0F);
        TI bits = TL.Broadcast(0x30303030);
        TI first = TL.Load(group + (u * 128) + (row * 4));
        TI second = TL.Load(group + (u * 128) + 64 + (row * 4));
        TI high = TL.Load(group + HighAt + (u * 64) + (row * 4));
        w0 = TL.Or(TL.And(first, nibbles), TL.And(TL.ShiftLeft(high, 4), bits));
        w1 = TL.Or(TL.And(TL.ShiftRight(first, 4), nibbles), TL.And(TL.ShiftLeft(high, 2), bits));
        w2 = TL.Or(TL.And(second, nibbles), TL.And(high, bits));
        w3 = TL.Or(TL.And(TL.ShiftRight(second, 4), nibbles), TL.And(TL.ShiftRight(high, 2), bits));
    }

    /// <summary>sum + sc·(Σ q·x − 32·Σ x) of 16 columns of one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI SubBlock<TL, TI, TF>(
        TI sum, TI w0, TI w1, TI w2, TI w3, sbyte* x, TI scalePairs, TI prepared, int* offset)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        TI first = TL.DotAdd(TL.DotAdd(default, w0, TL.Broadcast4(x)), w1, TL.Broadcast4(x + 4));
        TI second = TL.DotAdd(TL.DotAdd(default, w2, TL.Broadcast4(x + 8)), w3, TL.Broadcast4(x + 12));
        TI scaled = TL.Add(TL.Scale(first, prepared), TL.Scale(second, prepared));
        return TL.Add(sum, TL.Add(scaled, TL.MultiplyPairs(scalePairs, TL.Broadcast4(offset))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Term<TL, TI, TF>(TF d, TI sum, float scale)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TL.Multiply(TL.Multiply(d, TL.BroadcastFloat(scale)), TL.ToFloat(sum));
}
