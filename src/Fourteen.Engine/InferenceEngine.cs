using System.Runtime.CompilerServices;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Tokenizers;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine;

/// <summary>A generation that was checked: tokens, and how to go on from them.</summary>
/// <param name="Prompt">Ids.</param>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="Answer">Where the answer ends.</param>
/// <param name="Rope">How positions are turned.</param>
/// <param name="Room">Positions that prompt and answer may fill.</param>
/// <param name="Scheduling">When it is computed, and with whom it shares.</param>
public sealed record GenerationPlan(
    int[] Prompt, SamplingOptions Sampling, AnswerOptions Answer, RopeFrequencies Rope, int Room,
    SchedulingOptions Scheduling);

/// <summary>
/// Loads models and computes with them: the door to the engine thread. All members may be called from any thread; each
/// call of a generating member is one sequence, and sequences in flight at once are computed together.
/// </summary>
public sealed class InferenceEngine : IDisposable
{
    /// <summary>Positions of a model's cache that are believed: blocks are counted in 32 bits.</summary>
    private const long PositionsMax = 1L << 31;

    private readonly EngineOptions _options;
    private readonly EngineLoop _loop;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _loading = new(1);
    private volatile bool _ended;

    public InferenceEngine(EngineOptions options, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StepTokens, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInterTokenMs, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReaderDeadline, TimeSpan.Zero, nameof(options));
        _options = options;
        _clock = clock;
        _loop = new EngineLoop(options, clock);
    }

    /// <summary>What each loaded model is doing and has done.</summary>
    public IReadOnlyList<(LoadedModel Model, ModelStatistics Statistics)> Statistics =>
        [.. _loop.Models.Select(runtime => (runtime.Model, runtime.Model.Statistics))];

    /// <summary>Opens and loads a model; throws <see cref="ModelFileException"/> where it cannot be used.</summary>
    /// <param name="path">A GGUF file, or a folder with config.json and safetensors.</param>
    /// <param name="progress">Told (layers done, layers) while weights are packed; called on the thread
    /// that loads.</param>
    public Task<LoadedModel> LoadAsync(
        string path, ModelOptions options, Action<int, int>? progress, CancellationToken cancellation) =>
        LoadAsync(ModelFile.Open(path), options, progress, cancellation);

    /// <summary>
    /// Loads a model that is open; from here on the engine owns the file, whatever happens. Weights are read and packed
    /// by workers of their own, one model at a time, while the loaded models go on.
    /// </summary>
    /// <inheritdoc cref="LoadAsync(string, ModelOptions, Action{int, int}?, CancellationToken)"/>
    public async Task<LoadedModel> LoadAsync(
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
            await LoadBesideAsync(model, progress, cancellation).ConfigureAwait(false);
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

    /// <summary>Ends the model's sequences and frees its memory.</summary>
    public Task UnloadAsync(LoadedModel model, CancellationToken cancellation) =>
        _loop.RunAsync(() => _loop.Remove(model.Runtime), cancellation);

    /// <summary>
    /// Logits at <paramref name="positions"/> of a text, in order of position.
    /// </summary>
    /// <param name="tokens">Ids of the whole text.</param>
    /// <param name="chunkMax">The most tokens computed in one step.</param>
    public async IAsyncEnumerable<LogitsRow> LogitsAsync(
        LoadedModel model, IReadOnlyList<int> tokens, IReadOnlyList<int> positions, int chunkMax,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        model.CheckTokens(tokens);
        foreach (int position in positions)
        {
            if (position < 0 || position >= tokens.Count)
            {
                throw new RequestException(
                    "positions",
                    $"a position must be 0 … {tokens.Count - 1} for {tokens.Count} tokens, found {position}");
            }
        }

        if (chunkMax < 1)
            throw new RequestException("chunk", $"a chunk must have 1 token or more, found {chunkMax}");
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var consumer = new LogitsConsumer(tokens.Count, positions);
        _loop.Submit(model.Runtime, new Sequence(
            tokens, tokens.Count, model.Config.Rope.For(tokens.Count), chunkMax, consumer,
            Sharing(model, SchedulingOptions.Default), left.Token));
        try
        {
            await foreach (LogitsRow row in consumer.Rows.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return row;
        }
        finally
        {
            // A reader that leaves early must not keep the sequence going.
            await left.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The vector of a text, [hidden], from its tokens' states after the last layer and its norm.
    /// </summary>
    /// <param name="tokens">Ids of the whole text.</param>
    /// <param name="normalized">Whether the vector is divided by its length.</param>
    /// <exception cref="RequestException">Too many wait, among others.</exception>
    public async Task<float[]> EmbedAsync(
        LoadedModel model, IReadOnlyList<int> tokens, Pooling pooling, bool normalized, SchedulingOptions scheduling,
        CancellationToken cancellation)
    {
        model.CheckTokens(tokens);
        var consumer = new EmbeddingConsumer(pooling, tokens.Count, model.Config.Hidden, normalized);
        _loop.Submit(model.Runtime, new Sequence(
            tokens, tokens.Count, model.Config.Rope.For(tokens.Count), int.MaxValue, consumer,
            Sharing(model, scheduling), cancellation));
        return await consumer.Completion.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Forgets the keys and values that no running sequence of a model uses.</summary>
    public Task DropPrefixCacheAsync(LoadedModel model, CancellationToken cancellation) =>
        _loop.RunAsync(model.Runtime.DropPrefixCache, cancellation);

    /// <summary>
    /// Times a test: one round to warm up, then <paramref name="rounds"/> that count. Sequences of others that are in
    /// flight meanwhile take their share of the steps.
    /// </summary>
    /// <param name="progress">Told (tokens done, all tokens), or null; called on the engine thread.</param>
    /// <exception cref="RequestException">The test does not fit the model's context or its cache.</exception>
    public async Task<IReadOnlyList<BenchmarkRound>> MeasureAsync(
        LoadedModel model, BenchmarkTest test, int rounds, Action<int, int>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(test.TokensPerSequence, 1, nameof(test));
        if (test.Positions > model.Context || test.Batch > model.Options.SequencesMax)
        {
            throw new RequestException(
                "bench",
                $"{test.Name} of {test.Batch} sequences at depth {test.Depth} needs {test.Positions} positions each, "
                + $"but there is room for {model.Options.SequencesMax} of {model.Context}");
        }

        var group = new BenchmarkGroup(
            test, rounds, model.Config.Vocabulary, model.Runtime.Transformer.Meter, _clock, progress);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        RopeFrequencies rope = model.Config.Rope.For(test.Positions);
        foreach ((ISequenceConsumer consumer, int[] tokens) in group.Start())
        {
            var sequence = new Sequence(
                tokens, test.Positions, rope, int.MaxValue, consumer,
                SchedulingOptions.Default with { PrefixCache = false }, left.Token);
            try
            {
                _loop.Submit(model.Runtime, sequence);
            }
            catch (Exception e) when (e is RequestException or ObjectDisposedException)
            {
                consumer.End(sequence, e);
            }
        }

        try
        {
            return await group.Completion.ConfigureAwait(false);
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await group.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Draws an answer token by token; the last event carries the result.</summary>
    /// <exception cref="RequestException">Too many wait, among others.</exception>
    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        LoadedModel model, GenerationPlan plan, [EnumeratorCancellation] CancellationToken cancellation)
    {
        model.CheckTokens(plan.Prompt);
        if (plan.Prompt.Length >= model.Context)
        {
            throw new RequestException(
                "prompt", $"the prompt fills the context of {model.Context} tokens and leaves no room for an answer");
        }

        Tokenizer tokenizer = model.Text.Tokenizer;
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: false);
        var text = new TokenText(detokenizer.Append, detokenizer.Flush, tokenizer.IsControl);
        int usable = Math.Min(tokenizer.VocabularySize, model.Config.Vocabulary);
        var consumer = new GenerationConsumer(
            new Sampler(plan.Sampling, model.Config.Vocabulary, usable, plan.Prompt),
            new AnswerAssembler(plan.Answer, text, plan.Prompt), plan.Room, _clock);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sequence = new Sequence(
            plan.Prompt, plan.Room, plan.Rope, int.MaxValue, consumer, Sharing(model, plan.Scheduling), left.Token);
        if (consumer.Begin(sequence))
            consumer.End(sequence, null);
        else
            _loop.Submit(model.Runtime, sequence);
        try
        {
            await foreach (GenerationEvent item in consumer.Events.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return item;
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _ended = true;
        _loop.Dispose();
    }

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

    private static SchedulingOptions Sharing(LoadedModel model, SchedulingOptions wanted) =>
        model.Options.PrefixCache ? wanted : wanted with { PrefixCache = false };

    /// <summary>Loads on another thread than the engine's, and hands the model over.</summary>
    private async Task LoadBesideAsync(LoadedModel model, Action<int, int>? progress, CancellationToken cancellation)
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
            await _loop.RunAsync(() => _loop.Add(model.Runtime), cancellation).ConfigureAwait(false);
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

        using var workers = new WorkerPool(_options.Threads);
        ModelWeights weights = ModelWeights.Load(
            model.File, model.Config, workers, packed: model.Options.Repack && !model.Options.Precise, Report);
        try
        {
            model.Weights = weights.Memory;
            model.Runtime = new ModelRuntime(model, weights, _loop.Pool, _options, _clock);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
