using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Benchmarks;

/// <summary>Counts what the steps of a model read and compute. Owned by the engine thread; allocates nothing.</summary>
internal sealed class StepMeter
{
    private readonly ModelConfig _config;
    private readonly StepCost _layers;    // of the matrices that every token goes through
    private readonly StepCost _output;
    private readonly StepCost[] _experts; // of one expert of each layer; empty for a dense model
    private readonly long _kvBytesPerLayer; // of one position

    internal StepMeter(ModelConfig config, ModelWeights weights, KvStore cache)
    {
        _config = config;
        _output = StepCost.Of(weights.Output);
        _layers = StepCost.Sum(weights.Layers.SelectMany(layer => Shared(config, layer)));
        _experts = config.Experts == 0 ? [] : [.. weights.Layers.Select(layer => ExpertOf(layer, config))];
        _kvBytesPerLayer = cache.BlockBytes / KvStore.BlockTokens / config.Layers;
    }

    /// <summary>All so far.</summary>
    internal StepWork Total { get; private set; }

    /// <summary>Counts a step, but for its experts.</summary>
    internal void Add(Batch batch)
    {
        int tokens = batch.Tokens.Count, logitRows = batch.LogitRows.Count;
        long bytes = _layers.Bytes + (logitRows > 0 ? _output.Bytes : 0);
        long products = (_layers.MultiplyAdds * tokens) + (_output.MultiplyAdds * logitRows);
        foreach (StepCost expert in _experts)
            products += expert.MultiplyAdds * tokens * _config.ExpertsUsed;
        long positions = 0;
        foreach (AttentionSpan span in batch.Spans)
        {
            int all = span.FirstPosition + span.Count;
            for (int layer = 0; layer < _config.Layers; layer++)
                positions += _config.Windowed[layer] ? Math.Min(all, _config.Window + span.Count - 1) : all;
        }

        Total += new StepWork(bytes, positions * _kvBytesPerLayer, products);
    }

    /// <summary>Counts the experts of a layer that tokens of the step went to.</summary>
    internal void AddExperts(int layer, int active) => Total += new StepWork(_experts[layer].Bytes * active, 0, 0);

    private static IEnumerable<StepCost> Shared(ModelConfig config, LayerWeights w)
    {
        IEnumerable<WeightMatrix> matrices = [w.Query, w.Key, w.Value, w.AttentionOutput];
        if (w.Router is not null)
            matrices = matrices.Append(w.Router);
        if (config.Experts == 0)
            matrices = matrices.Concat(Matrices(w.FeedForwards[0]));
        return matrices.Select(StepCost.Of);
    }

    private static StepCost ExpertOf(LayerWeights w, ModelConfig config)
    {
        StepCost all = StepCost.Sum(w.FeedForwards.SelectMany(Matrices).Select(StepCost.Of));
        return new StepCost(all.Bytes / config.Experts, all.MultiplyAdds / config.Experts);
    }

    private static IEnumerable<WeightMatrix> Matrices(FeedForwardWeights w) => [w.Gate, w.Up, w.Down];

    private readonly record struct StepCost(long Bytes, long MultiplyAdds)
    {
        internal static StepCost Of(WeightMatrix matrix)
        {
            long inPlace = GgmlTypeTraits.Of(matrix.Type).RowBytes(matrix.Columns) * matrix.Rows;
            return new(matrix.PackedBytes > 0 ? matrix.PackedBytes : inPlace, (long)matrix.Rows * matrix.Columns);
        }

        internal static StepCost Sum(IEnumerable<StepCost> costs) => costs.Aggregate(
            (sum, cost) => new StepCost(sum.Bytes + cost.Bytes, sum.MultiplyAdds + cost.MultiplyAdds));
    }
}
