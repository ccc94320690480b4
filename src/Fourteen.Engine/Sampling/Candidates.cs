using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Engine.Sampling;

/// <summary>What a sampler keeps between tokens so that none allocates: scratch without content.</summary>
internal sealed class CandidateBuffers(int vocabularySize)
{
    /// <summary>Ids of the candidates once a filter has run; grows by doubling up to the vocabulary.</summary>
    internal int[] Ids = new int[Math.Min(vocabularySize, ClassMaxima.Classes)];

    /// <summary>Keys of a filter that orders by something else than the logit; made when first used.</summary>
    internal float[] Keys = [];

    internal readonly float[] Maxima = new float[ClassMaxima.Classes];

    /// <summary>[chunks of the vocabulary]: their weights' sums.</summary>
    internal readonly double[] ChunkSums = new double[(vocabularySize + Weights.Chunk - 1) / Weights.Chunk];

    /// <summary>[<see cref="Weights.Chunk"/>]: the weights of the chunk at hand.</summary>
    internal readonly double[] ChunkWeights = new double[Weights.Chunk];

    internal readonly Selection Selection = new();
}

/// <summary>
/// The tokens that can still be drawn: their logits in ascending order of ids, moved to the front of the row in place
/// as filters drop some. Until the first filter a place in the row is the id. The temperature is pending in
/// <see cref="Scale"/>: filters and weights multiply by it, so that no pass over the row is spent on it.
/// </summary>
internal ref struct Candidates
{
    private readonly Span<float> _row;
    private readonly CandidateBuffers _buffers;
    private bool _filtered;
    private float _max = float.NaN; // NaN: not measured since the logits last changed.

    internal Candidates(Span<float> row, CandidateBuffers buffers)
    {
        _row = row;
        _buffers = buffers;
        Count = row.Length;
    }

    /// <summary>How many are left.</summary>
    internal int Count { get; private set; }

    /// <summary>1 / temperature, not yet multiplied into the logits.</summary>
    internal double Scale { get; set; } = 1;

    internal readonly CandidateBuffers Buffers => _buffers;

    /// <summary>The logits of the candidates, before <see cref="Scale"/>.</summary>
    internal readonly Span<float> Logits => _row[..Count];

    internal readonly int IdAt(int index) => _filtered ? _buffers.Ids[index] : index;

    /// <summary>Where the candidate with this id stands, or a negative number.</summary>
    internal readonly int IndexOf(int id)
    {
        if (!_filtered)
            return id < Count ? id : -1;
        return Array.BinarySearch(_buffers.Ids, 0, Count, id);
    }

    /// <summary>
    /// The largest logit, finite, measured once. Infinite logits outdo all others: they alone stay, as equals.
    /// </summary>
    /// <exception cref="SamplingException">A logit is NaN, or none is above negative infinity.</exception>
    internal float Max()
    {
        if (!float.IsNaN(_max))
            return _max;
        _max = LogitRow.Max(Logits);
        if (float.IsPositiveInfinity(_max))
        {
            Keep(Logits, new Cut(_max, int.MaxValue));
            Logits.Clear();
            _max = 0;
        }

        return _max;
    }

    /// <summary>The weights of the candidates, relative to the largest logit.</summary>
    internal Weights Weigh() => new(Max(), Scale);

    /// <summary>To be called before logits are changed: brings them to scale, and forgets the largest.</summary>
    internal void BeginChange()
    {
        _max = float.NaN;
        if (Scale == 1)
            return;
        foreach (ref float logit in Logits)
            logit = (float)(logit * Scale);
        Scale = 1;
    }

    /// <summary>Drops every candidate but the one at the index.</summary>
    internal void KeepOnly(int index)
    {
        _buffers.Ids[0] = IdAt(index);
        _row[0] = _row[index];
        _max = _row[0];
        _filtered = true;
        Count = 1;
    }

    /// <summary>
    /// Drops logits below a bound, which may be more precise than a float; the largest logit must reach it.
    /// </summary>
    internal void KeepAtLeast(double bound)
    {
        float rounded = (float)bound;
        if (rounded < bound)
            rounded = MathF.BitIncrement(rounded); // The smallest float that is not below the bound.
        Keep(Logits, new Cut(rounded, int.MaxValue));
    }

    /// <summary>Drops by other keys than the logits, so the largest logit may go.</summary>
    internal void KeepByKeys(ReadOnlySpan<float> keys, Cut cut)
    {
        Keep(keys, cut);
        _max = float.NaN;
    }

    /// <summary>
    /// Drops candidates with keys below the cut and, of those equal to it, all after the first so many. The keys may be
    /// the logits: writing stays behind reading.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Keep(ReadOnlySpan<float> keys, Cut cut)
    {
        Debug.Assert(keys.Length == Count);
        ref float source = ref MemoryMarshal.GetReference(keys);
        Vector256<float> least = Vector256.Create(cut.Key);
        int equalsLeft = cut.EqualsKept;
        int kept = 0;
        int i = 0;
        for (; i <= keys.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> vector = Vector256.LoadUnsafe(ref source, (nuint)i);
            uint high = Vector256.GreaterThanOrEqual(vector, least).ExtractMostSignificantBits();
            for (; high != 0; high &= high - 1)
            {
                int index = i + BitOperations.TrailingZeroCount(high);
                if (keys[index] > cut.Key || equalsLeft-- > 0)
                    Move(index, kept++);
            }
        }

        for (; i < keys.Length; i++)
        {
            if (keys[i] > cut.Key || (keys[i] == cut.Key && equalsLeft-- > 0))
                Move(i, kept++);
        }

        _filtered = true;
        Count = kept;
    }

    /// <summary>
    /// The place that a number in [0, 1) falls on: the first whose weights, summed by ascending id, exceed it as a
    /// share of the whole sum.
    /// </summary>
    internal DrawnCandidate Draw(double uniform)
    {
        Weights weights = Weigh();
        ReadOnlySpan<float> logits = Logits;
        double[] sums = _buffers.ChunkSums;
        int chunks = (Count + Weights.Chunk - 1) / Weights.Chunk;
        double total = 0;
        for (int c = 0; c < chunks; c++)
        {
            sums[c] = weights.SumOfChunk(ChunkOf(logits, c));
            total += sums[c];
        }

        double target = uniform * total;
        int chunk = FirstBeyond(sums.AsSpan(0, chunks), ref target);
        ReadOnlySpan<float> chosen = ChunkOf(logits, chunk);
        Span<double> chosenWeights = _buffers.ChunkWeights.AsSpan(0, chosen.Length);
        weights.Fill(chosen, chosenWeights);
        int place = FirstBeyond(chosenWeights, ref target);
        return new DrawnCandidate(chunk * Weights.Chunk + place, chosenWeights[place] / total);
    }

    private static ReadOnlySpan<float> ChunkOf(ReadOnlySpan<float> logits, int chunk)
    {
        ReadOnlySpan<float> rest = logits[(chunk * Weights.Chunk)..];
        return rest[..Math.Min(rest.Length, Weights.Chunk)];
    }

    /// <summary>
    /// The first mass at which the running sum exceeds the target, which loses what lies before it; the last mass above
    /// zero where rounding lets none exceed it.
    /// </summary>
    private static int FirstBeyond(ReadOnlySpan<double> masses, ref double target)
    {
        int last = 0;
        for (int i = 0; i < masses.Length; i++)
        {
            if (masses[i] == 0)
                continue;
            last = i;
            if (target < masses[i])
                return i;
            target -= masses[i];
        }

        target += masses[last];
        return last;
    }

    private void Move(int from, int to)
    {
        if (to == _buffers.Ids.Length)
            Array.Resize(ref _buffers.Ids, Math.Min(2 * to, _row.Length));
        _buffers.Ids[to] = _filtered ? _buffers.Ids[from] : from;
        _row[to] = _row[from];
    }
}

/// <summary>A drawn candidate.</summary>
/// <param name="Index">Its place among the candidates.</param>
/// <param name="Probability">What it was drawn with, above 0.</param>
internal readonly record struct DrawnCandidate(int Index, double Probability);
