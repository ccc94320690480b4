using System.Collections.Concurrent;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Xunit;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// Attention of a whole sequence of random queries, keys and values, with the cache's blocks in an odd order.
/// </summary>
internal sealed class AttentionCase : IDisposable
{
    private static readonly ConcurrentDictionary<(KvType, int, int, int, int, int, float), int[][]> Expected = new();

    private readonly int _heads;
    private readonly int _kvHeads;
    private readonly int _headDim;
    private readonly int _length;
    private readonly AttentionRule _rule;
    private readonly FloatMatrix _queries;
    private readonly FloatMatrix _keys;
    private readonly FloatMatrix _values;

    /// <param name="chunk">Rows of one call; the rows before it are in the cache.</param>
    internal AttentionCase(
        IsaPath path, KvType type, int headDim, int length, int heads = 6, int kvHeads = 2, int window = 0,
        float softCap = 0, int chunk = int.MaxValue)
    {
        _heads = heads;
        _kvHeads = kvHeads;
        _headDim = headDim;
        _length = length;
        _rule = new AttentionRule(1f / MathF.Sqrt(headDim), window, softCap);
        _queries = OperatorTests.Random(length, _heads * headDim, seed: 1);
        _keys = OperatorTests.Random(length, _kvHeads * headDim, seed: 2);
        _values = OperatorTests.Random(length, _kvHeads * headDim, seed: 3);
        // What the cache will hold, so that the definition sees the same numbers.
        Store(_keys, type);
        Store(_values, type);
        Output = new FloatMatrix(length, _heads * headDim);
        int blocks = (length + KvStore.BlockTokens - 1) / KvStore.BlockTokens;
        using var store = new KvStore(1, _kvHeads, headDim, type, blocks);
        using var pool = new WorkerPool(2);
        using var writer = new KvWriter(pool, store);
        using var attention = new Attention(pool, path, _heads, store);
        for (int block = 0; block < blocks; block++)
            store.Touch(block);
        int[] order = [.. Enumerable.Range(0, blocks).Reverse()];
        for (int first = 0; first < length; first += Math.Min(chunk, length))
        {
            int count = Math.Min(chunk, length - first);
            var span = new AttentionSpan(0, count, first, order);
            using FloatMatrix queries = Part(_queries, first, count), keys = Part(_keys, first, count);
            using FloatMatrix values = Part(_values, first, count), output = new(count, _heads * headDim);
            writer.Run(0, [span], keys, values);
            attention.Run(0, [span], queries, output, _rule);
            for (int row = 0; row < count; row++)
                output.Row(row).CopyTo(Output.Row(first + row));
        }
    }

    private void Store(FloatMatrix matrix, KvType type)
    {
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int head = 0; head < _kvHeads; head++)
                GgmlBlocks.RoundTrip(matrix.Row(row).Slice(head * _headDim, _headDim), type);
        }
    }

    private static FloatMatrix Part(FloatMatrix whole, int first, int count)
    {
        var part = new FloatMatrix(count, whole.Columns);
        for (int row = 0; row < count; row++)
            whole.Row(first + row).CopyTo(part.Row(row));
        return part;
    }

    internal FloatMatrix Output { get; }

    /// <summary>The bits of each row as the scalar path computes them, once for all paths.</summary>
    internal static IReadOnlyList<int[]> Scalar(
        KvType type, int headDim, int length, int heads = 6, int kvHeads = 2, int window = 0, float softCap = 0)
    {
        return Expected.GetOrAdd((type, headDim, length, heads, kvHeads, window, softCap), _ =>
        {
            using var run = new AttentionCase(
                IsaPath.Scalar, type, headDim, length, heads, kvHeads, window, softCap);
            return [.. Enumerable.Range(0, length).Select(row => OperatorTests.Bits(run.Output.Row(row)))];
        });
    }

    internal void AssertBits(IReadOnlyList<int[]> expected)
    {
        for (int row = 0; row < _length; row++)
            Assert.Equal(expected[row], OperatorTests.Bits(Output.Row(row)));
    }

    /// <summary>Calls <paramref name="compare"/> with each expected and actual output.</summary>
    /// <param name="everyRow">Of how many rows one is compared.</param>
    internal void CompareWithDoublePrecision(Action<double, float> compare, int everyRow = 7)
    {
        for (int row = 0; row < _length; row += everyRow)
        {
            for (int head = 0; head < _heads; head++)
            {
                int kv = head / (_heads / _kvHeads);
                int seen = _rule.Window == 0 ? 0 : Math.Max(0, row + 1 - _rule.Window);
                double[] weights =
                    [.. Enumerable.Range(0, row + 1).Select(p => p < seen ? 0 : Math.Exp(Score(row, head, kv, p)))];
                double sum = weights.Sum();
                for (int i = 0; i < _headDim; i++)
                {
                    double expected = 0;
                    for (int p = 0; p <= row; p++)
                        expected += weights[p] / sum * _values.Row(p)[(kv * _headDim) + i];
                    compare(expected, Output.Row(row)[(head * _headDim) + i]);
                }
            }
        }
    }

    public void Dispose()
    {
        _queries.Dispose();
        _keys.Dispose();
        _values.Dispose();
        Output.Dispose();
    }

    private double Score(int row, int head, int kv, int position)
    {
        double dot = 0;
        for (int i = 0; i < _headDim; i++)
            dot += (double)_queries.Row(row)[(head * _headDim) + i] * _keys.Row(position)[(kv * _headDim) + i];
        double score = dot * _rule.Scale;
        return _rule.SoftCap > 0 ? _rule.SoftCap * Math.Tanh(score / _rule.SoftCap) : score;
    }
}
