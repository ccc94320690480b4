using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;

namespace Fourteen.Kernels.Operators;

/// <summary>How many queries share one loading of keys or values: a number that the compiler knows.</summary>
internal interface IQueryCount
{
    static abstract int Count { get; }
}

/// <summary>
/// The inner loops of attention over one block of 32 positions. Scores: one position a lane, fused multiply-adds over
/// the channels in order. Values: one channel a lane, fused multiply-adds over the positions in order. No sum crosses
/// lanes, so every width gives one result, that of <see cref="AttentionScalar{TR}"/>. What is loaded (and widened) once
/// meets up to four queries, whose sums stay in registers.
/// </summary>
internal static unsafe class AttentionTile<TL, TI, TF, TR>
    where TL : struct, ILanes<TI, TF>
    where TI : struct
    where TF : struct
    where TR : struct, IKvRows
{
    /// <summary>
    /// scores[q, p] = factor · Σ_i queries[q, i] · keys[i, p] for all positions of the block; queries [count, headDim],
    /// scores [count, <see cref="Attention.PieceTokens"/>] from the block's first.
    /// </summary>
    /// <param name="ahead">What is wanted next, of the size of the keys: brought into the cache meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float* queries, int count, byte* keys, int headDim, float factor, float* scores, byte* ahead)
    {
        while (count >= 4)
        {
            Scores<Four>(queries, keys, headDim, factor, scores, ahead);
            queries += 4 * headDim;
            scores += 4 * Attention.PieceTokens;
            count -= 4;
        }

        if (count == 3)
            Scores<Three>(queries, keys, headDim, factor, scores, ahead);
        else if (count == 2)
            Scores<Two>(queries, keys, headDim, factor, scores, ahead);
        else if (count == 1)
            Scores<One>(queries, keys, headDim, factor, scores, ahead);
    }

    /// <summary>
    /// sums[q, i] += Σ_p weights[q, p] · values[p, i] over the positions [from, to) of the block; weights [count,
    /// <see cref="Attention.PieceTokens"/>] from the block's first, sums [count, headDim].
    /// </summary>
    /// <param name="ahead">As above, of the size of the values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Values(
        float* weights, int count, byte* values, int from, int to, int headDim, float* sums, byte* ahead)
    {
        while (count >= 4)
        {
            Values<Four>(weights, values, from, to, headDim, sums, ahead);
            weights += 4 * Attention.PieceTokens;
            sums += 4 * headDim;
            count -= 4;
        }

        if (count == 3)
            Values<Three>(weights, values, from, to, headDim, sums, ahead);
        else if (count == 2)
            Values<Two>(weights, values, from, to, headDim, sums, ahead);
        else if (count == 1)
            Values<One>(weights, values, from, to, headDim, sums, ahead);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TQ>(
        float* query, byte* keys, int headDim, float factor, float* scores, byte* ahead)
        where TQ : struct, IQueryCount
    {
        const int Stride = Attention.PieceTokens;
        int rowBytes = KvStore.BlockTokens * TR.Bits / 8;
        byte* scales = keys + (headDim * rowBytes);
        float* query1 = query + headDim, query2 = query1 + headDim, query3 = query2 + headDim;
        for (int lane = 0; lane < 16; lane += TL.Count)
        {
            byte* row = keys, next = ahead;
            int group = TR.Scaled ? 32 : headDim;
            for (int first = 0; first < headDim; first += group)
            {
                TF low0 = default, low1 = default, low2 = default, low3 = default;
                TF high0 = default, high1 = default, high2 = default, high3 = default;
                for (int i = first; i < first + group; i++, row += rowBytes, next += rowBytes)
                {
                    Prefetch(next);
                    TF low = TR.Low<TL, TI, TF>(row, lane), high = TR.High<TL, TI, TF>(row, lane);
                    Add(TL.BroadcastFloat(query[i]), low, high, ref low0, ref high0);
                    if (TQ.Count > 1)
                        Add(TL.BroadcastFloat(query1[i]), low, high, ref low1, ref high1);
                    if (TQ.Count > 2)
                        Add(TL.BroadcastFloat(query2[i]), low, high, ref low2, ref high2);
                    if (TQ.Count > 3)
                        Add(TL.BroadcastFloat(query3[i]), low, high, ref low3, ref high3);
                }

                TF lowScale = TL.BroadcastFloat(factor), highScale = lowScale;
                if (TR.Scaled)
                {
                    byte* scale = scales + (2 * (first + lane));
                    lowScale = TL.Multiply(TL.LoadHalf(scale), lowScale);
                    highScale = TL.Multiply(TL.LoadHalf(scale + 32), highScale);
                }

                float* at = scores + lane;
                AddScores(at, first == 0, low0, high0, lowScale, highScale);
                if (TQ.Count > 1)
                    AddScores(at + Stride, first == 0, low1, high1, lowScale, highScale);
                if (TQ.Count > 2)
                    AddScores(at + (2 * Stride), first == 0, low2, high2, lowScale, highScale);
                if (TQ.Count > 3)
                    AddScores(at + (3 * Stride), first == 0, low3, high3, lowScale, highScale);
            }
        }
    }

    /// <summary>Scores are one product or, where channels have scales, the sum of one for each group of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScores(float* scores, bool isFirst, TF low, TF high, TF lowScale, TF highScale)
    {
        if (!TR.Scaled)
        {
            Store(scores, TL.Multiply(low, lowScale), TL.Multiply(high, highScale));
            return;
        }

        TF lowSum = default, highSum = default;
        if (!isFirst)
            Load(scores, ref lowSum, ref highSum);
        Store(scores, TL.Fma(lowScale, low, lowSum), TL.Fma(highScale, high, highSum));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values<TQ>(
        float* weights, byte* values, int from, int to, int headDim, float* sums, byte* ahead)
        where TQ : struct, IQueryCount
    {
        int rowBytes = headDim * TR.Bits / 8;
        byte* scales = values + (KvStore.BlockTokens * rowBytes);
        float* scaled = stackalloc float[TR.Scaled ? TQ.Count * KvStore.BlockTokens : 1];
        int channel = 0;
        for (; channel + 32 <= headDim; channel += 32)
        {
            float* factors = weights;
            int stride = Attention.PieceTokens;
            if (TR.Scaled)
            {
                Scale<TQ>(weights, scales + (2 * channel), scaled);
                factors = scaled;
                stride = KvStore.BlockTokens;
            }

            nint offset = channel * TR.Bits / 8;
            Channels<TQ>(
                factors, stride, values + offset, rowBytes, from, to, sums + channel, headDim, ahead + offset);
        }

        if (!TR.Scaled && channel < headDim)
            Tail<TQ>(weights, values, from, to, headDim, channel, sums);
    }

    /// <summary>scaled[q, p] = weights[q, p] · scales[p] for all positions of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale<TQ>(float* weights, byte* scales, float* scaled)
        where TQ : struct, IQueryCount
    {
        for (int p = 0; p < KvStore.BlockTokens; p += TL.Count)
        {
            TF scale = TL.LoadHalf(scales + (2 * p));
            for (int q = 0; q < TQ.Count; q++)
            {
                TF weight = TL.LoadFloat(weights + (q * Attention.PieceTokens) + p);
                TL.Store(scaled + (q * KvStore.BlockTokens) + p, TL.Multiply(weight, scale));
            }
        }
    }

    /// <summary>32 channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Channels<TQ>(
        float* weights, int stride, byte* values, int rowBytes, int from, int to, float* sums, int headDim,
        byte* ahead)
        where TQ : struct, IQueryCount
    {
        float* weights1 = weights + stride, weights2 = weights1 + stride, weights3 = weights2 + stride;
        for (int lane = 0; lane < 16; lane += TL.Count)
        {
            float* at = sums + lane, at1 = at + headDim, at2 = at1 + headDim, at3 = at2 + headDim;
            TF low0 = default, low1 = default, low2 = default, low3 = default;
            TF high0 = default, high1 = default, high2 = default, high3 = default;
            Load(at, ref low0, ref high0);
            if (TQ.Count > 1)
                Load(at1, ref low1, ref high1);
            if (TQ.Count > 2)
                Load(at2, ref low2, ref high2);
            if (TQ.Count > 3)
                Load(at3, ref low3, ref high3);
            byte* row = values + ((nint)from * rowBytes), next = ahead + ((nint)from * rowBytes);
            for (int p = from; p < to; p++, row += rowBytes, next += rowBytes)
            {
                Prefetch(next);
                TF low = TR.Low<TL, TI, TF>(row, lane), high = TR.High<TL, TI, TF>(row, lane);
                Add(TL.BroadcastFloat(weights[p]), low, high, ref low0, ref high0);
                if (TQ.Count > 1)
                    Add(TL.BroadcastFloat(weights1[p]), low, high, ref low1, ref high1);
                if (TQ.Count > 2)
                    Add(TL.BroadcastFloat(weights2[p]), low, high, ref low2, ref high2);
                if (TQ.Count > 3)
                    Add(TL.BroadcastFloat(weights3[p]), low, high, ref low3, ref high3);
            }

            Store(at, low0, high0);
            if (TQ.Count > 1)
                Store(at1, low1, high1);
            if (TQ.Count > 2)
                Store(at2, low2, high2);
            if (TQ.Count > 3)
                Store(at3, low3, high3);
        }
    }

    /// <summary>The last channels, fewer than 32: by vectors, then by vectors of eight, then one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tail<TQ>(
        float* weights, byte* values, int from, int to, int headDim, int channel, float* sums)
        where TQ : struct, IQueryCount
    {
        for (; channel + TL.Count <= headDim; channel += TL.Count)
            Column<TQ>(weights, values, from, to, headDim, channel, sums);
        if (TL.Count > 8 && channel + 8 <= headDim)
        {
            AttentionTile<Lanes256<PairProducts>, V256I, V256F, TR>.Column<TQ>(
                weights, values, from, to, headDim, channel, sums);
            channel += 8;
        }

        AttentionScalar<TR>.Values(weights, TQ.Count, values, from, to, headDim, channel, sums);
    }

    /// <summary>One vector of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Column<TQ>(
        float* weights, byte* values, int from, int to, int headDim, int channel, float* sums)
        where TQ : struct, IQueryCount
    {
        const int Stride = Attention.PieceTokens;
        int rowBytes = headDim * TR.Bits / 8;
        float* at = sums + channel;
        TF sum0 = TL.LoadFloat(at), sum1 = default, sum2 = default, sum3 = default;
        if (TQ.Count > 1)
            sum1 = TL.LoadFloat(at + headDim);
        if (TQ.Count > 2)
            sum2 = TL.LoadFloat(at + (2 * headDim));
        if (TQ.Count > 3)
            sum3 = TL.LoadFloat(at + (3 * headDim));
        byte* row = values + ((nint)from * rowBytes) + (channel * TR.Bits / 8);
        for (int p = from; p < to; p++, row += rowBytes)
        {
            TF value = TR.Low<TL, TI, TF>(row, 0);
            sum0 = TL.Fma(TL.BroadcastFloat(weights[p]), value, sum0);
            if (TQ.Count > 1)
                sum1 = TL.Fma(TL.BroadcastFloat(weights[Stride + p]), value, sum1);
            if (TQ.Count > 2)
                sum2 = TL.Fma(TL.BroadcastFloat(weights[(2 * Stride) + p]), value, sum2);
            if (TQ.Count > 3)
                sum3 = TL.Fma(TL.BroadcastFloat(weights[(3 * Stride) + p]), value, sum3);
        }

        TL.Store(at, sum0);
        if (TQ.Count > 1)
            TL.Store(at + headDim, sum1);
        if (TQ.Count > 2)
            TL.Store(at + (2 * headDim), sum2);
        if (TQ.Count > 3)
            TL.Store(at + (3 * headDim), sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TF factor, TF low, TF high, ref TF lowSum, ref TF highSum)
    {
        lowSum = TL.Fma(factor, low, lowSum);
        highSum = TL.Fma(factor, high, highSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* source, ref TF low, ref TF high)
    {
        low = TL.LoadFloat(source);
        high = TL.LoadFloat(source + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* target, TF low, TF high)
    {
        TL.Store(target, low);
        TL.Store(target + 16, high);
    }

    /// <summary>A row's cache lines: it is 16 to 128 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* row)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(row);
        if (TR.Bits == 32)
            Sse.Prefetch0(row + 64);
    }

    private readonly struct One : IQueryCount
    {
        public static int Count => 1;
    }

    private readonly struct Two : IQueryCount
    {
        public static int Count => 2;
    }

    private readonly struct Three : IQueryCount
    {
        public static int Count => 3;
    }

    private readonly struct Four : IQueryCount
    {
        public static int Count => 4;
    }
}
