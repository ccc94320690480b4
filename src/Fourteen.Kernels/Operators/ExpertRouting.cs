using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>The rows of one expert in the gathered order.</summary>
public readonly record struct ExpertRows(int Expert, int FirstRow, int Count);

/// <summary>
/// Sends each token of a step to some experts and brings their results together. Weights are those of Qwen3 MoE and
/// Mixtral: a softmax over all experts, of which the largest are kept and divided by their sum. A token's experts are
/// added in ascending order of their index, by separate multiplications and additions, so that its result does not
/// depend on the step. Choose comes first, then Gather and Combine. Owned by one thread.
/// </summary>
public sealed unsafe class ExpertRouting
{
    /// <summary>The most experts of a layer: a token's probabilities lie on the stack.</summary>
    public const int ExpertsMax = 1024;

    /// <summary>The most experts of a token.</summary>
    public const int UsedMax = 64;

    private readonly int _experts;
    private readonly int _used;
    private readonly int _rowsMax;
    private readonly WorkerPool? _pool;
    private readonly Job _job;
    private readonly int[] _chosen;     // [rows, used], ascending in a row
    private readonly float[] _weights;  // [rows, used]
    private readonly int[] _places;     // [rows, used]: the row in the gathered order
    private readonly int[] _counts;     // [experts]
    private readonly ExpertRows[] _active;
    private int _activeCount;
    private int _rows;

    /// <param name="experts">Experts of a layer, 1 … <see cref="ExpertsMax"/>.</param>
    /// <param name="used">Experts of a token, 1 … <see cref="UsedMax"/>.</param>
    /// <param name="rowsMax">The most tokens of a step.</param>
    /// <param name="pool">Who shares the tokens; null: the calling thread takes them all.</param>
    public ExpertRouting(int experts, int used, int rowsMax, WorkerPool? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(experts, ExpertsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(used, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(used, Math.Min(experts, UsedMax));
        _experts = experts;
        _used = used;
        _rowsMax = rowsMax;
        _pool = pool;
        _job = new Job(this);
        int places = checked(rowsMax * used);
        _chosen = new int[places];
        _weights = new float[places];
        _places = new int[places];
        _counts = new int[experts];
        _active = new ExpertRows[experts];
    }

    /// <summary>The experts of this step in ascending order, with their rows.</summary>
    public ReadOnlySpan<ExpertRows> Active => _active.AsSpan(0, _activeCount);

    /// <summary>
    /// Chooses the experts of each row of <paramref name="scores"/>, [rows, experts]; of equals, the lower index. A NaN
    /// among the scores makes all the token's weights NaN, so that it shows in what follows.
    /// </summary>
    public void Choose(FloatMatrix scores)
    {
        if (scores.Columns != _experts || scores.Rows > _rowsMax)
        {
            throw new ArgumentException(
                $"[{scores.Rows}, {scores.Columns}] are not the scores of {_experts} experts for at most {_rowsMax} "
                + "tokens.", nameof(scores));
        }

        _rows = scores.Rows;
        Run(Step.Choose, scores, scores);
        Arrange();
    }

    /// <summary>Copies each row of <paramref name="source"/> to the places of its experts, [rows · used, columns].
    /// </summary>
    public void Gather(FloatMatrix source, FloatMatrix gathered)
    {
        if (source.Rows != _rows || source.Columns != gathered.Columns)
            throw Mismatch(source, gathered);
        gathered.Rows = _rows * _used;
        Run(Step.Gather, source, gathered);
    }

    /// <summary>target[t] = Σ weight · gathered row over the experts of token t.</summary>
    public void Combine(FloatMatrix gathered, FloatMatrix target)
    {
        if (gathered.Rows != _rows * _used || target.Columns != gathered.Columns)
            throw Mismatch(target, gathered);
        target.Rows = _rows;
        Run(Step.Combine, target, gathered);
    }

    private ArgumentException Mismatch(FloatMatrix tokens, FloatMatrix gathered) => new(
        $"[{tokens.Rows}, {tokens.Columns}] and [{gathered.Rows}, {gathered.Columns}] are not {_rows} tokens and their "
        + $"{_used} rows each.");

    private void Run(Step step, FloatMatrix tokens, FloatMatrix gathered)
    {
        _job.Step = step;
        _job.Tokens = tokens;
        _job.Gathered = gathered;
        if (_pool is null)
            _job.Execute(0, _rows, 0);
        else
            _pool.Run(_job, _rows, 4);
    }

    /// <summary>Gives each token's experts their places, grouped by expert and in order of tokens.</summary>
    private void Arrange()
    {
        Span<int> chosen = _chosen.AsSpan(0, _rows * _used);
        Array.Clear(_counts);
        foreach (int expert in chosen)
            _counts[expert]++;
        _activeCount = 0;
        int first = 0;
        for (int e = 0; e < _experts; e++)
        {
            int count = _counts[e];
            if (count > 0)
                _active[_activeCount++] = new ExpertRows(e, first, count);
            _counts[e] = first;
            first += count;
        }

        for (int i = 0; i < chosen.Length; i++)
            _places[i] = _counts[chosen[i]]++;
    }

    private enum Step
    {
        Choose,
        Gather,
        Combine,
    }

    /// <summary>One item is one token.</summary>
    private sealed class Job(ExpertRouting routing) : WorkerJob
    {
        internal Step Step;
        internal FloatMatrix Tokens = null!; // Both are set before each run.
        internal FloatMatrix Gathered = null!;

        public override void Execute(int start, int end, int worker)
        {
            int used = routing._used;
            for (int row = start; row < end; row++)
            {
                Span<float> weights = routing._weights.AsSpan(row * used, used);
                Span<int> places = routing._places.AsSpan(row * used, used);
                switch (Step)
                {
                    case Step.Choose:
                        ChooseRow(Tokens.Row(row), routing._chosen.AsSpan(row * used, used), weights);
                        break;
                    case Step.Gather:
                        foreach (int place in places)
                            Tokens.Row(row).CopyTo(Gathered.Row(place));
                        break;
                    default:
                        CombineRow(Gathered, places, weights, Tokens.Pointer(row));
                        break;
                }
            }
        }
    }

    private static void ChooseRow(ReadOnlySpan<float> scores, Span<int> chosen, Span<float> weights)
    {
        Span<float> probabilities = stackalloc float[ExpertsMax];
        probabilities = probabilities[..scores.Length];
        Softmax(scores, probabilities);
        Select(probabilities, chosen);
        float sum = 0;
        for (int i = 0; i < chosen.Length; i++)
        {
            weights[i] = probabilities[chosen[i]];
            sum += weights[i];
        }

        foreach (ref float weight in weights)
            weight /= sum;
    }

    private static void Softmax(ReadOnlySpan<float> scores, Span<float> probabilities)
    {
        float max = float.NegativeInfinity;
        foreach (float score in scores)
            max = score > max ? score : max;
        float total = 0;
        for (int e = 0; e < scores.Length; e++)
        {
            probabilities[e] = Exponential.Of(scores[e] - max);
            total += probabilities[e];
        }

        foreach (ref float probability in probabilities)
            probability /= total;
    }

    /// <summary>
    /// The indices of the largest, ascending: each goes into a list that is ordered from the largest, behind its
    /// equals, and what is not among the first falls off.
    /// </summary>
    private static void Select(ReadOnlySpan<float> probabilities, Span<int> chosen)
    {
        int count = 0;
        for (int e = 0; e < probabilities.Length; e++)
        {
            float rank = Rank(probabilities[e]);
            if (count == chosen.Length && rank <= Rank(probabilities[chosen[count - 1]]))
                continue;
            int at = count < chosen.Length ? count++ : count - 1;
            for (; at > 0 && rank > Rank(probabilities[chosen[at - 1]]); at--)
                chosen[at] = chosen[at - 1];
            chosen[at] = e;
        }

        chosen.Sort();
    }

    /// <summary>The probability, or −1 where it is no number.</summary>
    private static float Rank(float probability) => probability >= 0 ? probability : -1f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineRow(
        FloatMatrix gathered, ReadOnlySpan<int> places, ReadOnlySpan<float> weights, float* target)
    {
        float* rows = gathered.Pointer(0);
        long stride = gathered.Stride;
        int i = 0;
        for (; i + 8 <= gathered.Columns; i += 8)
        {
            Vector256<float> sum = Vector256.Load(rows + (places[0] * stride) + i) * weights[0];
            for (int e = 1; e < places.Length; e++)
                sum += Vector256.Load(rows + (places[e] * stride) + i) * weights[e];
            sum.Store(target + i);
        }

        for (; i < gathered.Columns; i++)
        {
            float sum = rows[(places[0] * stride) + i] * weights[0];
            for (int e = 1; e < places.Length; e++)
                sum += rows[(places[e] * stride) + i] * weights[e];
            target[i] = sum;
        }
    }
}
