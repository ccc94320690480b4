using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>The work of <see cref="Attention"/>: items of its plan, each on its worker's scratch memory.</summary>
internal sealed unsafe class AttentionJob : WorkerJob, IDisposable
{
    private const int PieceTokens = Attention.PieceTokens;
    private const int BlockTokens = KvStore.BlockTokens;

    private readonly IsaPath _isa;
    private readonly AttentionKernel _kernel;
    private readonly int _ratio;
    private readonly int _headDim;
    private readonly KvStore _cache;
    private readonly AttentionPlan _plan;
    private readonly AlignedBuffer _scratch;
    private readonly long _scratchFloats;
    private FloatMatrix _queries = null!; // Queries and output are set by Prepare before each run.
    private FloatMatrix _output = null!;
    private int _layer;
    private AttentionRule _rule;

    internal AttentionJob(IsaPath isa, int heads, KvStore cache, int workers)
    {
        _isa = isa;
        _kernel = AttentionKernel.Of(isa, cache.Type);
        _cache = cache;
        _headDim = cache.HeadDim;
        _ratio = heads / cache.KvHeads;
        _plan = new AttentionPlan(_ratio, cache, workers);
        _scratchFloats = ((long)_plan.Queries * (PieceTokens + _headDim)) + (2 * _plan.PieceFloats);
        _scratchFloats = (_scratchFloats + 15) / 16 * 16;
        _scratch = new AlignedBuffer(workers * _scratchFloats * sizeof(float), zeroed: false);
    }

    /// <summary>Returns the number of items.</summary>
    internal int Prepare(
        int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix queries, FloatMatrix output, in AttentionRule rule)
    {
        _layer = layer;
        _queries = queries;
        _output = output;
        _rule = rule;
        _plan.Make(spans, rule.Window);
        return _plan.Count;
    }

    public override void Execute(int start, int end, int worker)
    {
        float* scratch = (float*)_scratch.Address + (worker * _scratchFloats);
        for (int item = start; item < end; item++)
            Run(_plan.ItemAt(item), scratch);
    }

    public void Dispose()
    {
        _plan.Dispose();
        _scratch.Dispose();
    }

    /// <summary>A piece's result: values [queries, headDim], maximum [queries], sum [queries].</summary>
    private readonly struct Result(float* values, int queries, int headDim)
    {
        internal readonly float* Values = values;
        internal readonly float* Max = values + ((long)queries * headDim);
        internal readonly float* Sum = values + ((long)queries * (headDim + 1));
    }

    private void Run(in AttentionPlan.Item item, float* scratch)
    {
        AttentionPlan.Tile tile = _plan.TileAt(item.Tile);
        int queries = tile.Count * _ratio;
        float* scores = scratch;                                  // [queries, PieceTokens]
        float* scaled = scores + (_plan.Queries * PieceTokens);   // [queries, headDim]
        float* memory = scaled + (_plan.Queries * _headDim);
        var piece = new Result(memory, queries, _headDim);
        var total = new Result(memory + _plan.PieceFloats, queries, _headDim);
        for (int q = 0; q < queries; q++)
        {
            AttentionPiece.Scale(Query(tile, q, _queries), _headDim, _kernel.QueryFactor, scaled + (q * _headDim));
            if (_cache.Type.IsRotated())
                Hadamard.Rotate(new Span<float>(scaled + (q * _headDim), _headDim));
        }

        for (int index = item.First; index < item.First + item.Count; index++)
        {
            if (tile.IsCut)
                piece = new Result(_plan.Piece(tile, index), queries, _headDim);
            Compute(tile, index, scaled, scores, piece);
            if (!tile.IsCut)
                Merge(tile, index, piece, total);
        }

        if (tile.IsCut)
        {
            if (!_plan.Finish(item.Tile))
                return;
            for (int index = 0; index < tile.Pieces; index++)
                Merge(tile, index, new Result(_plan.Piece(tile, index), queries, _headDim), total);
        }

        for (int q = 0; q < queries; q++)
        {
            float* output = Query(tile, q, _output);
            AttentionPiece.Divide(total.Values + (q * _headDim), total.Sum[q], _headDim, output);
            if (_cache.Type.IsRotated())
                Hadamard.Rotate(new Span<float>(output, _headDim));
        }
    }

    /// <summary>Slots [Start, End) of a piece that a token sees.</summary>
    private readonly record struct Slots(int Start, int End)
    {
        internal bool IsEmpty => End <= Start;

        internal Slots In(Slots other) => new(Math.Max(Start, other.Start), Math.Min(End, other.End));
    }

    /// <summary>What a token of the tile sees of the piece that begins at a position.</summary>
    private Slots View(in AttentionPlan.Tile tile, int token, int from)
    {
        int own = tile.Span.FirstPosition + tile.First + token;
        int lowest = _rule.Window == 0 ? 0 : Math.Max(0, own - _rule.Window + 1);
        return new Slots(Math.Clamp(lowest - from, 0, PieceTokens), Math.Clamp(own + 1 - from, 0, PieceTokens));
    }

    /// <summary>Query q is head q mod ratio of token q / ratio.</summary>
    private float* Query(in AttentionPlan.Tile tile, int q, FloatMatrix matrix) =>
        matrix.Pointer(tile.Span.FirstRow + tile.First + (q / _ratio))
            + (((tile.KvHead * _ratio) + (q % _ratio)) * _headDim);

    private void Compute(in AttentionPlan.Tile tile, int index, float* queries, float* scores, in Result piece)
    {
        int from = (tile.FirstPiece + index) * PieceTokens;
        int start = View(tile, 0, from).Start / BlockTokens * BlockTokens;
        int end = View(tile, tile.Count - 1, from).End;
        for (int slot = start; slot < end; slot += BlockTokens)
            Score(tile, from, slot, end, queries, scores);
        new Span<float>(piece.Values, tile.Count * _ratio * _headDim).Clear();
        for (int q = 0; q < tile.Count * _ratio; q++)
        {
            Slots view = View(tile, q / _ratio, from);
            if (view.IsEmpty)
                continue;
            float* seen = scores + (q * PieceTokens) + view.Start;
            int count = view.End - view.Start;
            if (_rule.SoftCap > 0)
                HyperbolicTangent.SoftCap(_isa, seen, count, _rule.SoftCap);
            piece.Sum[q] = AttentionPiece.Softmax(_isa, seen, count, _kernel.WeightFactor, out piece.Max[q]);
        }

        for (int slot = start; slot < end; slot += BlockTokens)
            AddValues(tile, from, slot, end, scores, piece.Values);
    }

    /// <summary>The tokens of a tile, [First, End), that see any of a block: their windows move with them.</summary>
    private (int First, int End) Seers(in AttentionPlan.Tile tile, int from, Slots block)
    {
        int first = 0, end = tile.Count;
        while (first < end && View(tile, first, from).In(block).IsEmpty)
            first++;
        while (end > first && View(tile, end - 1, from).In(block).IsEmpty)
            end--;
        return (first, end);
    }

    private void Score(in AttentionPlan.Tile tile, int from, int slot, int end, float* queries, float* scores)
    {
        byte* block = Block(tile, from + slot);
        // The next keys or, after the last, the first values: the caller's next step begins with them.
        byte* ahead = slot + BlockTokens < end ? Block(tile, from + slot + BlockTokens) : _cache.ValuesOf(block);
        (int first, int last) = Seers(tile, from, new Slots(slot, slot + BlockTokens));
        _kernel.Scores(
            queries + (first * _ratio * _headDim), (last - first) * _ratio, block, _headDim,
            _rule.Scale * _kernel.ScoreFactor, scores + (first * _ratio * PieceTokens) + slot, ahead);
    }

    /// <summary>
    /// Positions that all tokens see are added to all queries at once; those before and after them, token by token.
    /// </summary>
    private void AddValues(in AttentionPlan.Tile tile, int from, int slot, int end, float* weights, float* sums)
    {
        byte* values = _cache.ValuesOf(Block(tile, from + slot));
        byte* ahead = slot + BlockTokens < end ? _cache.ValuesOf(Block(tile, from + slot + BlockTokens)) : values;
        var block = new Slots(slot, slot + BlockTokens);
        (int first, int last) = Seers(tile, from, block);
        if (first == last)
            return;
        Slots common = View(tile, last - 1, from).In(View(tile, first, from)).In(block);
        if (common.IsEmpty)
            common = new Slots(slot + BlockTokens, slot + BlockTokens);
        for (int token = first; token < last; token++)
        {
            Slots view = View(tile, token, from).In(block);
            Add(weights, slot, token, 1, values, new Slots(view.Start, Math.Min(view.End, common.Start)), sums, values);
        }

        Add(weights, slot, first, last - first, values, common, sums, ahead);
        for (int token = first; token < last; token++)
        {
            Slots view = View(tile, token, from).In(block);
            Add(weights, slot, token, 1, values, new Slots(Math.Max(view.Start, common.End), view.End), sums, values);
        }
    }

    private void Add(
        float* weights, int slot, int token, int tokens, byte* values, Slots seen, float* sums, byte* ahead)
    {
        if (seen.IsEmpty)
            return;
        _kernel.Values(
            weights + (token * _ratio * PieceTokens) + slot, tokens * _ratio, values, seen.Start - slot,
            seen.End - slot, _headDim, sums + (token * _ratio * _headDim), ahead);
    }

    private byte* Block(in AttentionPlan.Tile tile, int position) =>
        _cache.Head(_layer, tile.Span.Blocks[position / BlockTokens], tile.KvHead);

    private void Merge(in AttentionPlan.Tile tile, int index, in Result piece, in Result total)
    {
        int from = (tile.FirstPiece + index) * PieceTokens;
        for (int q = 0; q < tile.Count * _ratio; q++)
        {
            Slots view = View(tile, q / _ratio, from);
            if (view.IsEmpty)
                continue;
            float* values = piece.Values + (q * _headDim), sums = total.Values + (q * _headDim);
            bool isFirst = from == 0 || View(tile, q / _ratio, from - PieceTokens).IsEmpty;
            if (isFirst)
            {
                Buffer.MemoryCopy(values, sums, _headDim * sizeof(float), _headDim * sizeof(float));
                total.Max[q] = piece.Max[q];
                total.Sum[q] = piece.Sum[q];
            }
            else
            {
                AttentionPiece.Merge(
                    values, piece.Max[q], piece.Sum[q], _headDim, sums, ref total.Max[q], ref total.Sum[q]);
            }
        }
    }
}
