using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Tensors;

namespace Fourteen.Kernels.Operators;

/// <summary>The rows of one expert in the gathered order.</summary>
public readonly record struct ExpertRows(int Expert, int FirstRow, int Count);

/// <summary>
/// Sends each token of a step to some experts and brings their results together. Weights are those of Qwen3 MoE and
/// Mixtral: a softmax over all experts, of which the largest are kept and divided by their sum. A token's experts are
/// added in ascending order of their index, by separate multiplications and additions, so that its result does not
/// depend on the step. Owned by one thread.
/// </summary>
public sealed unsafe class ExpertRouting(int experts, int used, int rowsMax)
{
    /// <summary>The most experts of a layer, and of a token.</summary>
    public const int ExpertsMax = 1024;

    /// <inheritdoc cref="ExpertsMax"/>
    public const int UsedMax = 64;

    private readonly int[] _chosen = new int[rowsMax * used];     // [rows, used], ascending in a row
    private readonly float[] _weights = new float[rowsMax * used]; // [rows, used]
    private readonly int[] _places = new int[rowsMax * used];     // [rows, used]: the row in the gathered order
    private readonly float[] _probabilities = new float[experts];
    private readonly int[] _counts = new int[experts];
    private readonly ExpertRows[] _active = new ExpertRows[experts];
    private int _activeCount;
    private int _rows;

    /// <summary>The experts of this step in ascending order, with their rows.</summary>
    public ReadOnlySpan<ExpertRows> Active => _active.AsSpan(0, _activeCount);

    /// <summary>Chooses the experts of each row of <paramref name="scores"/>, [rows, experts].</summary>
    public void Choose(FloatMatrix scores)
    {
        _rows = scores.Rows;
        Array.Clear(_counts);
        for (int row = 0; row < _rows; row++)
            ChooseRow(scores.Row(row), _chosen.AsSpan(row * used, used), _weights.AsSpan(row * used, used));
        Arrange();
    }

    /// <summary>Copies each row of <paramref name="source"/> to the places of its experts, [rows · used, columns].
    /// </summary>
    public void Gather(FloatMatrix source, FloatMatrix gathered)
    {
        gathered.Rows = _rows * used;
        for (int i = 0; i < _rows * used; i++)
            source.Row(i / used).CopyTo(gathered.Row(_places[i]));
    }

    /// <summary>target[t] = Σ weight · gathered row over the experts of token t.</summary>
    public void Combine(FloatMatrix gathered, FloatMatrix target)
    {
        target.Rows = _rows;
        for (int row = 0; row < _rows; row++)
        {
            float* sum = target.Pointer(row);
            for (int i = row * used; i < (row + 1) * used; i++)
                Add(gathered.Pointer(_places[i]), _weights[i], i == row * used, sum, target.Columns);
        }
    }

    /// <summary>The largest probabilities; of equals, the lower index. NaN ranks below all numbers.</summary>
    private void ChooseRow(ReadOnlySpan<float> scores, Span<int> chosen, Span<float> weights)
    {
        float max = float.NegativeInfinity;
        foreach (float score in scores)
            max = score > max ? score : max;
        float total = 0;
        for (int e = 0; e < experts; e++)
        {
            _probabilities[e] = Exponential.Of(scores[e] - max);
            total += _probabilities[e];
        }

        float sum = 0;
        for (int i = 0; i < used; i++)
        {
            int best = -1;
            for (int e = 0; e < experts; e++)
            {
                bool taken = chosen[..i].Contains(e);
                if (!taken && (best < 0 || _probabilities[e] > _probabilities[best]))
                    best = e;
            }

            chosen[i] = best;
        }

        chosen.Sort();
        for (int i = 0; i < used; i++)
        {
            weights[i] = _probabilities[chosen[i]] / total;
            sum += weights[i];
            _counts[chosen[i]]++;
        }

        for (int i = 0; i < used; i++)
            weights[i] /= sum;
    }

    /// <summary>Gives each token's experts their places, grouped by expert and in order of tokens.</summary>
    private void Arrange()
    {
        _activeCount = 0;
        int first = 0;
        for (int e = 0; e < experts; e++)
        {
            int count = _counts[e];
            if (count > 0)
                _active[_activeCount++] = new ExpertRows(e, first, count);
            _counts[e] = first;
            first += count;
        }

        for (int i = 0; i < _rows * used; i++)
            _places[i] = _counts[_chosen[i]]++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* values, float weight, bool first, float* sum, int count)
    {
        int i = 0;
        Vector256<float> w = Vector256.Create(weight);
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> term = w * Vector256.Load(values + i);
            (first ? term : Vector256.Load(sum + i) + term).Store(sum + i);
        }

        for (; i < count; i++)
            sum[i] = first ? weight * values[i] : sum[i] + (weight * values[i]);
    }
}
