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
/// batch, the chunk or the thread.
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
    /// output[row, h] = Σ_p softmax(score(query · key_p))_p · value_p for all rows of all spans, over the positions
    /// that <paramref name="rule"/> shows the row's own; queries and output are [rows, heads · headDim]. Blocks wholly
    /// before the windows of a span's rows are not looked at.
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
        private readonly record struct Tile(AttentionSpan Span, int First, int Count, int KvHead);

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
            int last = tile.Span.FirstPosition + tile.First + tile.Count - 1;
            for (int from = FirstPiece(Lowest(tile, 0)); from <= last; from += PieceTokens)
            {
                Score(tile, from, last, block, scores);
                new Span<float>(piece, queries * headDim).Clear();
                for (int q = 0; q < queries; q++)
                {
                    Weigh(
                        q, View(tile, q, from), FirstPiece(Lowest(tile, q)) == from, scores + (q * PieceTokens),
                        maximum, sum, total);
                }

                AddValues(tile, from, last, block, scores, piece);
                for (int q = 0; q < queries; q++)
                {
                    if (!View(tile, q, from).IsEmpty)
                    {
                        bool first = FirstPiece(Lowest(tile, q)) == from;
                        Merge(first, piece + (q * headDim), total + (q * headDim));
                    }
                }
            }

            Write(tile, queries, total, sum);
        }

        /// <summary>Slots [Start, End) of a piece that a query sees.</summary>
        private readonly record struct Slots(int Start, int End)
        {
            internal bool IsEmpty => End <= Start;
        }

        private static int FirstPiece(int position) => position / PieceTokens * PieceTokens;

        /// <summary>The first position that query q sees: query q is token q / ratio of the tile.</summary>
        private int Lowest(in Tile tile, int q)
        {
            int own = tile.Span.FirstPosition + tile.First + (q / _ratio);
            return _rule.Window == 0 ? 0 : Math.Max(0, own - _rule.Window + 1);
        }

        private Slots View(in Tile tile, int q, int from)
        {
            int own = tile.Span.FirstPosition + tile.First + (q / _ratio);
            return new Slots(
                Math.Clamp(Lowest(tile, q) - from, 0, PieceTokens), Math.Clamp(own + 1 - from, 0, PieceTokens));
        }

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
                    if (InBlock(View(tile, q, from), position - from).IsEmpty)
                        continue;
                    AttentionTile.Scores(
                        _isa, Query(tile, q, _queries), keys, _cache.HeadDim, _rule.Scale,
                        scores + (q * PieceTokens) + (position - from));
                }
            }
        }

        /// <summary>The part of a view that lies in the block which begins at a slot.</summary>
        private static Slots InBlock(Slots view, int start) =>
            new(Math.Max(view.Start, start), Math.Min(view.End, start + KvStore.BlockTokens));

        /// <summary>The first block of a piece that any query of the tile sees: the first query sees farthest back.
        /// </summary>
        private int FirstBlock(in Tile tile, int from) =>
            Math.Max(from, Lowest(tile, 0) / KvStore.BlockTokens * KvStore.BlockTokens);

        /// <summary>Scores to weights; brings the running maximum, sum and total of query q to the new
        /// maximum.</summary>
        private void Weigh(
            int q, Slots view, bool first, float* scores, float* maximum, float* sum, float* total)
        {
            if (view.IsEmpty)
                return;
            scores += view.Start;
            int visible = view.End - view.Start;
            if (_rule.SoftCap > 0)
                HyperbolicTangent.SoftCap(_isa, scores, visible, _rule.SoftCap);
            float pieceSum = AttentionTile.Softmax(_isa, scores, visible, out float pieceMax);
            if (first)
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
            for (int p = 0; p < visible; p++)
                scores[p] *= now;
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
                    Slots part = InBlock(View(tile, q, from), position - from);
                    if (part.IsEmpty)
                        continue;
                    AttentionTile.AddValues(
                        _isa, scores + (q * PieceTokens) + part.Start,
                        values + ((part.Start - (position - from)) * _cache.HeadDim), part.End - part.Start,
                        _cache.HeadDim, piece + (q * _cache.HeadDim));
                }
            }
        }

        private void Merge(bool first, float* piece, float* total)
        {
            for (int i = 0; i < _cache.HeadDim; i++)
                total[i] = first ? piece[i] : total[i] + piece[i];
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
