using Fourteen.Engine.KvCache;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>A loaded model as the engine thread owns it: weights, cache, scratch and sequences.</summary>
internal sealed class ModelRuntime : IDisposable
{
    private readonly LoadedModel _model;
    private readonly ModelWeights _weights;
    private readonly KvStore _store;

    internal ModelRuntime(LoadedModel model, ModelWeights weights, WorkerPool pool, IsaPath isa, int stepTokens)
    {
        _model = model;
        _weights = weights;
        ModelConfig config = model.Config;
        int blocks = (model.Context + KvStore.BlockTokens - 1) / KvStore.BlockTokens * model.Options.SequencesMax;
        _store = new KvStore(config.Layers, config.KvHeads, config.HeadDim, model.Options.CacheType, blocks);
        Scheduler = new Scheduler(new BlockPool(blocks, _store.Touch), stepTokens);
        Transformer = new Transformer(config, weights, _store, pool, isa, stepTokens);
    }

    internal Scheduler Scheduler { get; }

    internal Transformer Transformer { get; }

    public void Dispose()
    {
        Transformer.Dispose();
        _store.Dispose();
        _weights.Dispose();
        _model.File.Dispose();
    }
}
