using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// Causal attention of a step's queries over the KV cache, read in place, also for keys of the same step. A context is
/// cut into pieces of <see cref="PieceTokens"/> positions; each gives its maximum, its sum of exponentials and its
/// weighted values, and pieces are merged in order. What a token and head get depends on its position alone, not on the
/// batch, the chunk or the thread.
/// </summary>
public sealed class Attention : IDisposable
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
    private readonly AttentionJob _job;

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
        _job = new AttentionJob(isa, heads, cache, pool.ThreadCount);
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
}
