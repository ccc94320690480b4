using Fourteen.Engine.KvCache;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>A loaded model as the engine thread owns it: weights, cache, scratch and sequences.</summary>
internal sealed class ModelRuntime : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly KvStore _store;
    private readonly BlockPool _blocks;
    private readonly StepCosts _costs = new();

    internal ModelRuntime(
        LoadedModel model, ModelWeights weights, WorkerPool pool, EngineOptions engine, TimeProvider clock)
    {
        Model = model;
        _weights = weights;
        ModelConfig config = model.Config;
        ModelOptions options = model.Options;
        int blocks = BlocksOf(options.CacheTokens(model.Context));
        _store = new KvStore(config.Layers, config.KvHeads, config.HeadDim, options.CacheType, blocks);
        _blocks = new BlockPool(blocks, BlocksOf(options.PrefixTokensMax ?? model.Context), _store.Touch);
        Scheduler = new Scheduler(_blocks, options.SequencesMax, engine.StepTokens, _costs);
        Transformer = new Transformer(config, weights, _store, pool, engine.Isa, engine.StepTokens);
        Gate = new AdmissionGate(options.SequencesMax, options.QueueMax, clock);
        Note();
    }

    internal LoadedModel Model { get; }

    internal Scheduler Scheduler { get; }

    internal Transformer Transformer { get; }

    /// <summary>Who may wait for the model; any thread.</summary>
    internal AdmissionGate Gate { get; }

    /// <summary>What it has done; any thread may read it.</summary>
    internal ModelCounters Counters { get; } = new();

    /// <summary>Whether any sequence waits or runs.</summary>
    internal bool HasSequences => Scheduler.Running.Count + Scheduler.Waiting.Count > 0;

    /// <summary>Takes in what a step took.</summary>
    internal void AddStep(Batch batch, int generated, TimeSpan elapsed)
    {
        _costs.Add(batch.PromptTokens, batch.PromptDepth, batch.HasStreams, elapsed);
        Counters.AddStep(batch, generated, elapsed);
    }

    /// <summary>Notes for other threads how things stand.</summary>
    internal void Note() => Counters.Note(Scheduler, _blocks);

    /// <summary>Forgets what no sequence uses.</summary>
    internal void DropPrefixCache()
    {
        _blocks.DropCached();
        Note();
    }

    private static int BlocksOf(long tokens) => (int)((tokens + KvStore.BlockTokens - 1) / KvStore.BlockTokens);

    public void Dispose()
    {
        Transformer.Dispose();
        _store.Dispose();
        _weights.Dispose();
        Model.File.Dispose();
    }
}
