using System.Runtime.CompilerServices;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Embeddings;

namespace Fourteen.Engine;

/// <summary>
/// Loads models and computes with them: the door to the engine thread. All members may be called from any thread; each
/// call of a generating member is one sequence, and sequences in flight at once are computed together.
/// </summary>
public sealed class InferenceEngine : IDisposable
{
    private readonly EngineLoop _loop;
    private readonly ModelLoader _loader;
    private readonly TimeProvider _clock;

    public InferenceEngine(EngineOptions options, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StepTokens, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInterTokenMs, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxQuietStepMs, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReaderDeadline, TimeSpan.Zero, nameof(options));
        _clock = clock;
        _loop = new EngineLoop(options, clock);
        _loader = new ModelLoader(options, _loop, clock);
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
    public Task<LoadedModel> LoadAsync(
        ModelFile file, ModelOptions options, Action<int, int>? progress, CancellationToken cancellation) =>
        _loader.LoadAsync(file, options, progress, cancellation);

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
        LoadedModel model, IReadOnlyList<int> tokens, EmbeddingPooling pooling, bool normalized,
        SchedulingOptions scheduling, CancellationToken cancellation)
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

    /// <summary>
    /// Begins to draw an answer; the events' last one carries the result. Whoever does not read them to their end
    /// cancels.
    /// </summary>
    /// <exception cref="RequestException">Too many wait, among others; nothing has begun then.</exception>
    public IAsyncEnumerable<GenerationEvent> Generate(
        LoadedModel model, GenerationPlan plan, CancellationToken cancellation)
    {
        model.CheckTokens(plan.Prompt);
        if (plan.Prompt.Length >= model.Context)
        {
            throw new RequestException(
                "prompt", $"the prompt fills the context of {model.Context} tokens and leaves no room for an answer",
                FailureKind.ContextOverflow);
        }

        Tokenizer tokenizer = model.Text.Tokenizer;
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: false);
        var text = new TokenText(detokenizer.Append, detokenizer.Flush, tokenizer.IsControl);
        int usable = Math.Min(tokenizer.VocabularySize, model.Config.Vocabulary);
        var answer = new AnswerAssembler(plan.Answer, text, plan.Prompt);
        var consumer = new GenerationConsumer(
            new Sampler(plan.Sampling, model.Config.Vocabulary, usable, plan.Prompt), answer,
            new TokenFilter(plan.Constraint, answer, plan.Answer.StopTokens, model.Config.Vocabulary),
            new TokenScores(plan.TopLogprobs, plan.PromptLogprobs, plan.Prompt), plan.Room, _clock);
        var sequence = new Sequence(
            plan.Prompt, plan.Room, plan.Rope, int.MaxValue, consumer, Sharing(model, plan.Scheduling), cancellation);
        if (consumer.Begin(sequence))
            consumer.End(sequence, null);
        else
            _loop.Submit(model.Runtime, sequence);
        return consumer.Events.ReadAllAsync(cancellation);
    }

    public void Dispose()
    {
        _loader.End();
        _loop.Dispose();
    }

    private static SchedulingOptions Sharing(LoadedModel model, SchedulingOptions wanted) =>
        model.Options.PrefixCache ? wanted : wanted with { PrefixCache = false };
}
