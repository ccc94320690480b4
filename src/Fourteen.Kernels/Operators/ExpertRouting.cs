using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>The rows of the gathered order that one expert computes.</summary>
/// <param name="Expert">Index of the expert.</param>
/// <param name="FirstRow">Its first row.</param>
/// <param name="Count">Its rows; at least one.</param>
public readonly record struct ExpertRows(int Expert, int FirstRow, int Count);

/// <summary>
/// Which experts of a mixture compute which tokens. Tokens are copied into a gathered order, all rows of one expert
/// side by side, experts ascending and each one's tokens ascending, so that a step multiplies each expert's weights
/// once; <see cref="Combine"/> adds what the experts of a token gave, by ascending expert. What a token gets depends on
/// the token alone. Choose comes first, then Gather and Combine any number of times. Used by the engine thread alone.
/// </summary>
/// <remarks>Selection as in transformers' Qwen3 and Mixtral blocks: softmax, then top-k, then division by the sum.
/// </remarks>
public sealed unsafe class ExpertRouting
{
    /// <summary>The most experts of a layer: a token's probabilities lie on the stack.</summary>
    public const int ExpertsMax = 1024;

    /// <summary>The most experts that one token uses.</summary>
    public const int UsedMax = 64;

    private readonly int _experts;
    private readonly int _used;
    private readonly int _rowsMax;
    private readonly WorkerPool? _pool;
    private readonly Job _job;
    private readonly int[] _chosen;     // [tokens, used]: experts, ascending
    private readonly float[] _weights;  // [tokens, used]: their shares
    private readonly int[] _places;     // [tokens, used]: their gathered rows
    private readonly int[] _next;       // [experts]: the next free gathered row
    private readonly ExpertRows[] _active;
    private int _activeCount;
    private int _rows;

    /// <param name="experts">Experts of a layer, at most <see cref="ExpertsMax"/>.</param>
    /// <param name="used">Experts that each token uses, at most <see cref="UsedMax"/>.</param>
    /// <param name="rowsMax">The most tokens of a step.</param>
    /// <param name="pool">Who shares the work; null: the calling thread does it.</param>
    public ExpertRouting(int experts, int used, int rowsMax, WorkerPool? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(experts, ExpertsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(used, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(used, Math.Min(experts, UsedMax));
        ArgumentOutOfRangeException.ThrowIfNegative(rowsMax);
        _experts = experts;
        _used = used;
        _rowsMax = rowsMax;
        _pool = pool;
        _job = new Job(this);
        int places = checked(rowsMax * used);
        _chosen = new int[places];
        _weights = new float[places];
        _places = new int[places];
        _next = new int[experts];
        _active = new ExpertRows[experts];
    }

    /// <summary>The experts that have rows, ascending; valid until the next <see cref="Choose"/>.</summary>
    public ReadOnlySpan<ExpertRows> Active => _active.AsSpan(0, _activeCount);

    /// <summary>
    /// For each row of <paramref name="routerLogits"/>, [tokens, experts]: a softmax over all experts in 32-bit floats,
    /// the largest of them, among equals the lower index, with their probabilities divided by their sum. A NaN counts
    /// as the smallest and stays in the weights, so that it shows in what follows.
    /// </summary>
    public void Choose(FloatMatrix routerLogits)
    {
        if (routerLogits.Columns != _experts || routerLogits.Rows > _rowsMax)
        {
            throw new ArgumentException(
                $"[{routerLogits.Rows}, {routerLogits.Columns}] are no logits of at most {_rowsMax} tokens and "
                + $"{_experts} experts.", nameof(routerLogits));
        }

        _rows = routerLogits.Rows;
        Run(Step.Choose, routerLogits, routerLogits);
        Place();
    }

    /// <summary>
    /// Copies each token's row of <paramref name="source"/>, [tokens, columns], to its places in
    /// <paramref name="gathered"/>, [tokens · used, columns], whose rows it sets.
    /// </summary>
    public void Gather(FloatMatrix source, FloatMatrix gathered)
    {
        if (source.Rows != _rows || source.Columns != gathered.Columns)
            throw Mismatch(source, gathered, nameof(source));
        gathered.Rows = _rows * _used;
        Run(Step.Gather, gathered, source);
    }

    /// <summary>
    /// target[t] = Σ weight · row over the token's experts by ascending index, each product and each sum rounded on its
    /// own; sets the target's rows. Shapes as in <see cref="Gather"/>.
    /// </summary>
    public void Combine(FloatMatrix gathered, FloatMatrix target)
    {
        if (gathered.Rows != _rows * _used || target.Columns != gathered.Columns)
            throw Mismatch(target, gathered, nameof(gathered));
        target.Rows = _rows;
        Run(Step.Combine, gathered, target);
    }

    private ArgumentException Mismatch(FloatMatrix tokens, FloatMatrix gathered, string name) => new(
        $"[{tokens.Rows}, {tokens.Columns}] and [{gathered.Rows}, {gathered.Columns}] are not {_rows} tokens and their "
        + $"{_used} rows each.", name);

    private void Run(Step step, FloatMatrix gathered, FloatMatrix tokens)
    {
        _job.Step = step;
        _job.Gathered = gathered;
        _job.Tokens = tokens;
        if (_pool is null)
            _job.Execute(0, _rows, 0);
        else
            _pool.Run(_job, _rows, 4);
    }

    /// <summary>Gives each token and expert a gathered row: a counting sort by expert that keeps the tokens' order.
    /// </summary>
    private void Place()
    {
        Array.Clear(_next);
        Span<int> chosen = _chosen.AsSpan(0, _rows * _used);
        foreach (int expert in chosen)
            _next[expert]++;
        _activeCount = 0;
        int first = 0;
        for (int expert = 0; expert < _experts; expert++)
        {
            int count = _next[expert];
            if (count > 0)
                _active[_activeCount++] = new ExpertRows(expert, first, count);
            _next[expert] = first;
            first += count;
        }

        for (int i = 0; i < chosen.Length; i++)
            _places[i] = _next[chosen[i]]++;
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
        internal FloatMatrix Gathered = null!; // Both are set before each run.
        internal FloatMatrix Tokens = null!;

        public override void Execute(int start, int end, int worker)
        {
            int used = routing._used;
            for (int row = start; row < end; row++)
            {
                ReadOnlySpan<int> places = routing._places.AsSpan(row * used, used);
                Span<float> weights = routing._weights.AsSpan(row * used, used);
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
                        CombineRow(weights, places, Gathered, Tokens.Pointer(row));
                        break;
                }
            }
        }
    }

    /// <summary>The experts of one token, ascending, and their weights.</summary>
    private static void ChooseRow(ReadOnlySpan<float> logits, Span<int> chosen, Span<float> weights)
    {
        float* probabilities = stackalloc float[ExpertsMax];
        logits.CopyTo(new Span<float>(probabilities, ExpertsMax));
        // Portable vectors, since every path gives the same bits.
        float sum = AttentionTile.Softmax(IsaPath.Vector128, probabilities, logits.Length, out _);
        for (int expert = 0; expert < logits.Length; expert++)
            probabilities[expert] /= sum;

        int count = 0;
        for (int expert = 0; expert < logits.Length; expert++)
        {
            float key = Key(probabilities[expert]);
            if (count == chosen.Length && !(key > Key(probabilities[chosen[count - 1]])))
                continue;
            int at = count == chosen.Length ? count - 1 : count++;
            for (; at > 0 && key > Key(probabilities[chosen[at - 1]]); at--)
                chosen[at] = chosen[at - 1];
            chosen[at] = expert;
        }

        chosen.Sort();
        float total = 0;
        foreach (int expert in chosen)
            total += probabilities[expert];
        for (int i = 0; i < chosen.Length; i++)
            weights[i] = probabilities[chosen[i]] / total;
    }

    /// <summary>A probability, or −1 for a NaN: something to order by.</summary>
    private static float Key(float probability) => probability >= 0 ? probability : -1f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineRow(
        ReadOnlySpan<float> weights, ReadOnlySpan<int> places, FloatMatrix gathered, float* target)
    {
        float* rows = gathered.Pointer(0);
        long stride = gathered.Stride;
        int columns = gathered.Columns;
        int i = 0;
        for (; i + 8 <= columns; i += 8)
        {
            Vector256<float> sum = Vector256.Load(rows + (places[0] * stride) + i) * weights[0];
            for (int e = 1; e < places.Length; e++)
                sum += Vector256.Load(rows + (places[e] * stride) + i) * weights[e];
            sum.Store(target + i);
        }

        for (; i < columns; i++)
        {
            float sum = rows[(places[0] * stride) + i] * weights[0];
            for (int e = 1; e < places.Length; e++)
                sum += rows[(places[e] * stride) + i] * weights[e];
            target[i] = sum;
        }
    }
}
