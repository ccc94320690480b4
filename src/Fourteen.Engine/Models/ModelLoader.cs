using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>
/// Loads models beside the engine thread, one at a time: reading and packing weights has workers of its own, so that
/// the loaded models go on, if more slowly. Any thread may call it.
/// </summary>
internal sealed class ModelLoader(EngineOptions engine, EngineLoop loop, TimeProvider clock)
{
    /// <summary>Positions of a model's cache that are believed: blocks are counted in 32 bits.</summary>
    private const long PositionsMax = 1L << 31;

    private readonly SemaphoreSlim _loading = new(1);
    private volatile bool _ended;

    /// <inheritdoc cref="InferenceEngine.LoadAsync(ModelFile, ModelOptions, Action{int, int}?, CancellationToken)"/>
    internal async Task<LoadedModel> LoadAsync(
        ModelFile file, ModelOptions options, Action<int, int>? progress, CancellationToken cancellation)
    {
        try
        {
            ModelConfig config = ModelConfig.Read(file, options.Rope);
            int context = options.Context
                ?? (options.Rope.Lengthens ? config.Rope.ContextMax : config.ContextLength);
            if (context < 1 || context > config.Rope.ContextMax)
            {
                throw new RequestException(
                    "context", $"the context must be 1 … {config.Rope.ContextMax} tokens for {file.Path}, found "
                    + $"{context}");
            }

            CheckLimits(options, context);
            if (!options.CacheType.Takes(config.HeadDim))
            {
                throw new RequestException(
                    "kv-type", $"a KV cache in {options.CacheType.ToString().ToLowerInvariant()} holds heads of whole "
                    + $"groups of {KvTypes.Group} channels, but those of {file.Path} have {config.HeadDim}; "
                    + "use f16 or f32");
            }

            var model = new LoadedModel(file, config, context, options);
            await HandOverAsync(model, progress, cancellation).ConfigureAwait(false);
            return model;
        }
        catch (OutOfMemoryException e)
        {
            file.Dispose();
            throw new ModelFileException(
                file.Path, "", "there is not enough memory to load this model",
                "use a smaller one or a shorter context", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Gives up the model that is being loaded, at its next layer, and all that wait.</summary>
    internal void End() => _ended = true;

    private static void CheckLimits(ModelOptions options, int context)
    {
        if (options.SequencesMax < 1 || options.CacheTokens(context) > PositionsMax)
        {
            throw new RequestException(
                "sequences",
                $"one sequence or more with at most {PositionsMax} positions together are wanted, found "
                + $"{options.SequencesMax} with {options.CacheTokens(context)}");
        }

        if (options.KvTokensMax < context)
        {
            throw new RequestException(
                "kv-tokens",
                $"the cache must hold one context of {context} positions at least, found {options.KvTokensMax}; give "
                + "more, or shorten the context");
        }

        if (options.PrefixTokensMax is < 0 or > PositionsMax)
        {
            throw new RequestException(
                "prefix-tokens", $"0 … {PositionsMax} positions may be kept, found {options.PrefixTokensMax}");
        }

        if (options.QueueMax < 0)
            throw new RequestException("queue", $"0 or more requests may wait, found {options.QueueMax}");
    }

    /// <summary>Loads on another thread than the engine's, and hands the model over.</summary>
    private async Task HandOverAsync(LoadedModel model, Action<int, int>? progress, CancellationToken cancellation)
    {
        await _loading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            await Task.Run(() => Load(model, progress, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _loading.Release();
        }

        try
        {
            await loop.RunAsync(() => loop.Add(model.Runtime), cancellation).ConfigureAwait(false);
        }
        catch
        {
            model.Runtime.Dispose();
            throw;
        }
    }

    private void Load(LoadedModel model, Action<int, int>? progress, CancellationToken cancellation)
    {
        void Report(int done, int layers)
        {
            cancellation.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_ended, this);
            progress?.Invoke(done, layers);
        }

        using var workers = new WorkerPool(engine.Threads);
        ModelWeights weights = ModelWeights.Load(
            model.File, model.Config, workers, packed: model.Options.Repack && !model.Options.Precise, Report);
        try
        {
            model.Weights = weights.Memory;
            model.Runtime = new ModelRuntime(model, weights, loop.Pool, engine, clock);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
