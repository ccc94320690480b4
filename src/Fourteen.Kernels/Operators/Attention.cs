using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// Causal attention of a step's queries over the KV cache, read in place, also for keys of the same step. A context is
/// cut into pieces of <see cref="PieceTokens"/> positions; each gives its maximum, its sum of exponentials and its
/// weighted values, and pieces are merged in order. What a token and head get depends on its position alone, not on the
/// batch, the chunk or the thread. Blocks wholly before a window are not read, so the cost grows with the window.
/// </summary>
public sealed unsafe class Attention : IDisposable
{
    /// <summary>Positions that share one maximum: long enough to hide the merging, short enough for the first cache.
    /// </summary>
    public const int PieceTokens = 256;

    /// <summary>
    /// Queries (tokens · heads of a key/value head) that share one reading of the keys; so also the most query heads of
    /// a key/value head.
    /// </summary>
    public const int QueriesMax = 32;

    private readonly WorkerPool _pool;
    private readonly Job _job;

    /// <param name="heads">Query heads; head h reads key/value head h / (heads / kvHeads).</param>
    public Attention(WorkerPool pool, IsaPath isa, int heads, KvStore cache)
    {
        if (heads % cache.KvHeads != 0 || heads / cache.KvHeads > QueriesMax)
        {
            throw new ArgumentException(
                $"{heads} query heads over {cache.KvHeads} key/value heads: the ratio must be whole and at most "
                + $"{QueriesMax}.", nameof(heads));
        }

        _pool = pool;
        _job = new Job(isa, heads, cache, pool.ThreadCount);
    }

    /// <summary>
    /// output[row, h] = Σ_p softmax(cap(query · key_p · scale))_p · value_p over the positions up to the row's own that
    /// <paramref name="rule"/> lets it see, for all rows of all spans; queries and output are [rows, heads · headDim].
    /// Entries of a span's blocks that lie wholly before every window of its rows are not looked at.
    /// </summary>
    public void Run(
        int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix queries, FloatMatrix output, in AttentionRule rule)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rule.Window, nameof(rule));
        ArgumentOutOfRangeException.ThrowIfNegative(rule.SoftCap, nameof(rule));
        output.Rows = queries.Rows;
        int items = _job.Prepare(layer, spans, queries, output, rule);
        _pool.Run(_job, items, 1);
    }

    public void Dispose() => _job.Dispose();

    private sealed class Job : WorkerJob, IDisposable
    {
        private readonly IsaPath _isa;
        private readonly int _ratio;
        private readonly int _heads;
        private readonly KvStore _cache;
        private readonly int _tileTokens;
        private readonly List<Tile> _tiles = [];
        private readonly AlignedBuffer _scratch;
        private readonly long _scratchFloats;
        private FloatMatrix _queries = null!; // Queries and output are set by Prepare before each run.
        private FloatMatrix _output = null!;
        private int _layer;
        private AttentionRule _rule;

        internal Job(IsaPath isa, int heads, KvStore cache, int workers)
        {
            _isa = isa;
            _heads = heads;
            _cache = cache;
            _ratio = heads / cache.KvHeads;
            _tileTokens = Math.Max(1, QueriesMax / _ratio);
            int queries = _tileTokens * _ratio;
            _scratchFloats = ((long)cache.HeadDim * KvStore.BlockTokens)
                + ((long)queries * (PieceTokens + (2 * cache.HeadDim) + 2));
            _scratch = new AlignedBuffer(workers * _scratchFloats * sizeof(float), zeroed: false);
        }

        /// <summary>A few tokens of one span, for one key/value head.</summary>
        private readonly record struct Tile(AttentionSpan Span, int First, int Count, int KvHead)
        {
            /// <summary>Position of the first token.</summary>
            internal int Position => Span.FirstPosition + First;
        }

        internal int Prepare(
            int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix queries, FloatMatrix output,
            in AttentionRule rule)
        {
            _layer = layer;
            _queries = queries;
            _output = output;
            _rule = rule;
            _tiles.Clear();
            foreach (AttentionSpan span in spans)
            {
                for (int first = 0; first < span.Count; first += _tileTokens)
                {
                    int count = Math.Min(_tileTokens, span.Count - first);
                    for (int head = 0; head < _cache.KvHeads; head++)
                        _tiles.Add(new Tile(span, first, count, head));
                }
            }

            return _tiles.Count;
        }

        public override void Execute(int start, int end, int worker)
        {
            for (int item = start; item < end; item++)
                Run(_tiles[item], (float*)_scratch.Address + (worker * _scratchFloats));
        }

        public void Dispose() => _scratch.Dispose();

        private void Run(in Tile tile, float* scratch)
        {
            int headDim = _cache.HeadDim;
            int queries = tile.Count * _ratio;
            float* block = scratch;                                   // [headDim, 32] keys or [32, headDim] values
            float* scores = block + (headDim * KvStore.BlockTokens);  // [queries, PieceTokens]
            float* piece = scores + (queries * PieceTokens);          // [queries, headDim]
            float* total = piece + (queries * headDim);               // [queries, headDim]
            float* maximum = total + (queries * headDim);             // [queries]
            float* sum = maximum + queries;                           // [queries]
            int last = tile.Position + tile.Count - 1;
            int start = _rule.FirstVisible(tile.Position) / PieceTokens * PieceTokens;
            for (int from = start; from <= last; from += PieceTokens)
            {
                Score(tile, from, last, block, scores);
                new Span<float>(piece, queries * headDim).Clear();
                for (int q = 0; q < queries; q++)
                    Weigh(q, Visible(tile, q, from), scores + (q * PieceTokens), maximum, sum, total);
                AddValues(tile, from, last, block, scores, piece);
                for (int q = 0; q < queries; q++)
                    Merge(Visible(tile, q, from), piece + (q * headDim), total + (q * headDim));
            }

            Write(tile, queries, total, sum);
        }

        /// <summary>Positions of a piece that a query sees, counted from the piece's first: low … high − 1.</summary>
        /// <param name="IsFirst">Whether it is the first piece of which the query sees any.</param>
        private readonly record struct Seen(int Low, int High, bool IsFirst)
        {
            internal bool IsEmpty => Low >= High;
        }

        /// <summary>What query q, which is of token q / ratio of the tile, sees of the piece.</summary>
        private Seen Visible(in Tile tile, int q, int from)
        {
            int position = tile.Position + (q / _ratio);
            int first = _rule.FirstVisible(position) - from;
            return new Seen(
                Math.Max(first, 0), Math.Min(position + 1 - from, PieceTokens), first is >= 0 and < PieceTokens);
        }

        /// <summary>The first position of the piece's blocks of which a query of the tile sees any.</summary>
        private int FirstBlock(in Tile tile, int from) =>
            Math.Max(from, _rule.FirstVisible(tile.Position) / KvStore.BlockTokens * KvStore.BlockTokens);

        private float* Query(in Tile tile, int q, FloatMatrix matrix) =>
            matrix.Pointer(tile.Span.FirstRow + tile.First + (q / _ratio))
                + (((tile.KvHead * _ratio) + (q % _ratio)) * _cache.HeadDim);

        private void Score(in Tile tile, int from, int last, float* block, float* scores)
        {
            int queries = tile.Count * _ratio;
            int end = Math.Min(last + 1, from + PieceTokens);
            for (int position = FirstBlock(tile, from); position < end; position += KvStore.BlockTokens)
            {
                byte* stored = _cache.Head(_layer, tile.Span.Blocks[position / KvStore.BlockTokens], tile.KvHead);
                float* keys = Floats(stored, block);
                for (int q = 0; q < queries; q++)
                {
                    Seen seen = Visible(tile, q, from);
                    if (seen.High <= position - from || seen.Low >= position - from + KvStore.BlockTokens)
                        continue;
                    AttentionTile.Scores(
                        _isa, Query(tile, q, _queries), keys, _cache.HeadDim, _rule.Scale,
                        scores + (q * PieceTokens) + (position - from));
                }
            }
        }

        /// <summary>Scores to weights; brings the running maximum, sum and total of query q to the new
        /// maximum.</summary>
        private void Weigh(int q, Seen seen, float* scores, float* maximum, float* sum, float* total)
        {
            if (seen.IsEmpty)
                return;
            float* weights = scores + seen.Low;
            int count = seen.High - seen.Low;
            if (_rule.SoftCap > 0)
                AttentionTile.SoftCap(_isa, weights, count, _rule.SoftCap);
            float pieceSum = AttentionTile.Softmax(_isa, weights, count, out float pieceMax);
            if (seen.IsFirst)
            {
                maximum[q] = pieceMax;
                sum[q] = pieceSum;
                return;
            }

            float newMax = MathF.Max(maximum[q], pieceMax);
            float old = Exponential.Of(maximum[q] - newMax);
            float now = Exponential.Of(pieceMax - newMax);
            sum[q] = (sum[q] * old) + (pieceSum * now);
            maximum[q] = newMax;
            float* t = total + (q * _cache.HeadDim);
            for (int i = 0; i < _cache.HeadDim; i++)
                t[i] *= old;
            for (int p = 0; p < count; p++)
                weights[p] *= now;
        }

        private void AddValues(in Tile tile, int from, int last, float* block, float* scores, float* piece)
        {
            int queries = tile.Count * _ratio;
            int end = Math.Min(last + 1, from + PieceTokens);
            for (int position = FirstBlock(tile, from); position < end; position += KvStore.BlockTokens)
            {
                byte* stored = _cache.Head(_layer, tile.Span.Blocks[position / KvStore.BlockTokens], tile.KvHead);
                float* values = Floats(_cache.ValuesOf(stored), block);
                for (int q = 0; q < queries; q++)
                {
                    Seen seen = Visible(tile, q, from);
                    int low = Math.Max(seen.Low - (position - from), 0);
                    int high = Math.Min(seen.High - (position - from), KvStore.BlockTokens);
                    if (low >= high)
                        continue;
                    float* weights = scores + (q * PieceTokens) + (position - from) + low;
                    AttentionTile.AddValues(
                        _isa, weights, values + (low * _cache.HeadDim), high - low, _cache.HeadDim,
                        piece + (q * _cache.HeadDim));
                }
            }
        }

        private void Merge(Seen seen, float* piece, float* total)
        {
            if (seen.IsEmpty)
                return;
            for (int i = 0; i < _cache.HeadDim; i++)
                total[i] = seen.IsFirst ? piece[i] : total[i] + piece[i];
        }

        private void Write(in Tile tile, int queries, float* total, float* sum)
        {
            for (int q = 0; q < queries; q++)
            {
                float* target = Query(tile, q, _output);
                for (int i = 0; i < _cache.HeadDim; i++)
                    target[i] = total[(q * _cache.HeadDim) + i] / sum[q];
            }
        }

        /// <summary>One half of a block's head as floats: in place where the cache holds floats.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float* Floats(byte* stored, float* block)
        {
            if (_cache.Type == KvType.F32)
                return (float*)stored;
            AttentionTile.Widen(_isa, stored, _cache.HeadDim * KvStore.BlockTokens, block);
            return block;
        }
    }
}
