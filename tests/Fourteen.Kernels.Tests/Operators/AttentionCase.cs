using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// Attention of a whole sequence of random queries, keys and values: six query heads over two key/value heads, cache
/// blocks in an odd order.
/// </summary>
internal sealed class AttentionCase : IDisposable
{
    private const int Heads = 6, KvHeads = 2;
    private readonly int _headDim;
    private readonly int _length;
    private readonly float _scale;
    private readonly FloatMatrix _queries;
    private readonly FloatMatrix _keys;
    private readonly FloatMatrix _values;

    internal AttentionCase(IsaPath path, KvType type, int headDim, int length)
    {
        _headDim = headDim;
        _length = length;
        _scale = 1f / MathF.Sqrt(headDim);
        _queries = OperatorTests.Random(length, Heads * headDim, seed: 1);
        _keys = OperatorTests.Random(length, KvHeads * headDim, seed: 2);
        _values = OperatorTests.Random(length, KvHeads * headDim, seed: 3);
        Output = new FloatMatrix(length, Heads * headDim);
        int blocks = (length + KvStore.BlockTokens - 1) / KvStore.BlockTokens;
        using var store = new KvStore(1, KvHeads, headDim, type, blocks);
        using var pool = new WorkerPool(2);
        using var attention = new Attention(pool, path, Heads, store);
        for (int block = 0; block < blocks; block++)
            store.Touch(block);
        var span = new AttentionSpan(0, length, 0, [.. Enumerable.Range(0, blocks).Reverse()]);
        store.Write(0, span, _keys, _values);
        attention.Run(0, [span], _queries, Output, _scale);
    }

    internal FloatMatrix Output { get; }

    /// <summary>Calls <paramref name="compare"/> with each expected and actual output.</summary>
    internal void CompareWithDoublePrecision(Action<double, float> compare)
    {
        for (int row = 0; row < _length; row += 7)
        {
            for (int head = 0; head < Heads; head++)
            {
                int kv = head / (Heads / KvHeads);
                double[] weights = [.. Enumerable.Range(0, row + 1).Select(p => Math.Exp(Score(row, head, kv, p)))];
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
        return dot * _scale;
    }
}
