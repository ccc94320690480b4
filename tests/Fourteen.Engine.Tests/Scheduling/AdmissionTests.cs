using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Failures;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>Who is let in, who waits, who is sent away and who is ended, with an engine whose steps can be held up.
/// </summary>
public sealed class AdmissionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _path = TinyAnswers.Write("qwen3");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Submit_BeyondTheQueue_IsRefusedExactly()
    {
        using var clock = new HeldClock();
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, clock);
        LoadedModel model = await engine.LoadAsync(
            _path, new ModelOptions { Context = 128, SequencesMax = 2, QueueMax = 3 }, null, Token);
        clock.Hold();
        Task<TinyAnswers.Answer>[] tasks =
            [.. Enumerable.Range(0, 20).Select(i => Task.Run(() => AskAsync(engine, model, i, 10), Token))];
        await WaitAsync(() => model.Statistics.Refused == 15);
        clock.Release();
        int refused = 0;
        foreach (Task<TinyAnswers.Answer> task in tasks)
        {
            Exception? fault = await Record.ExceptionAsync(() => task.WaitAsync(Patience, Token));
            if (fault is null)
                continue;
            RequestException refusal = Assert.IsType<RequestException>(fault);
            Assert.Equal(("queue", FailureKind.QueueFull), (refusal.Parameter, refusal.Kind));
            Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 1, 600);
            refused++;
        }

        Assert.Equal(15, refused);
        ModelStatistics idle = model.Statistics;
        Assert.Equal((5, 15, 0, 0), (idle.Finished, idle.Refused, idle.Waiting, idle.Running));
        await AskAsync(engine, model, 3, 5); // There are places again.
    }

    [Fact]
    public async Task Cancel_OfOneThatWaits_LeavesWithoutAStep()
    {
        using var clock = new HeldClock();
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, clock);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 512 }, null, Token);
        Task<TinyAnswers.Answer> running = AskAsync(engine, model, 1, 200);
        await WaitAsync(() => model.Statistics.TokensGenerated > 3);
        clock.Hold();
        using var source = new CancellationTokenSource();
        Task<TinyAnswers.Answer> waiting = TinyAnswers.AskAsync(
            engine, model, TinyAnswers.Plan(model, TinyAnswers.Text(200, 9), 50), source.Token);
        Assert.Equal((1, 1), (model.Statistics.Running, model.Statistics.Waiting));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience, Token));
        clock.Release();
        await running.WaitAsync(Patience, Token);
        ModelStatistics idle = model.Statistics;
        Assert.Equal((1, 1, 0), (idle.Finished, idle.Cancelled, idle.Failed));
        Assert.Equal((0, 0, 0), (idle.Running, idle.Waiting, idle.KvBlocksInUse));
        Assert.Equal(40, idle.PromptTokensComputed);
    }

    [Fact]
    public async Task Cancel_OfOneThatRuns_FreesItsBlocksAndIsNoSuccess()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 4096 }, null, Token);
        using var source = new CancellationTokenSource();
        Task<TinyAnswers.Answer> orphan = TinyAnswers.AskAsync(
            engine, model, TinyAnswers.Plan(model, TinyAnswers.Text(40, 9), 4000), source.Token);
        await WaitAsync(() => model.Statistics.TokensGenerated > 3);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => orphan.WaitAsync(Patience, Token));
        await WaitAsync(() => model.Statistics is { Running: 0, Waiting: 0, KvBlocksInUse: 0 });
        Assert.Equal((0, 1), (model.Statistics.Finished, model.Statistics.Cancelled));
        Assert.True(model.Statistics.TokensGenerated < 3900);
        await AskAsync(engine, model, 1, 5).WaitAsync(Patience, Token);
        Assert.Equal(1, model.Statistics.Finished);
    }

    [Fact]
    public async Task Reader_ThatStops_HoldsUpNobodyAndIsEndedAfterItsDeadline()
    {
        var clock = new ManualClock();
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = 1, ReaderDeadline = TimeSpan.FromSeconds(60) }, clock);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 2048 }, null, Token);
        GenerationPlan plan = TinyAnswers.Plan(model, TinyAnswers.Text(40, 9), 2000);
        await using IAsyncEnumerator<GenerationEvent> slow =
            engine.Generate(model, plan, Token).GetAsyncEnumerator(Token);
        Assert.True(await slow.MoveNextAsync());
        await WaitAsync(() => model.Statistics.TokensGenerated is > 200 and < 600, settled: true);

        // It has the only place, and others pass it.
        await AskAsync(engine, model, 1, 20).WaitAsync(Patience, Token);
        Assert.Equal((1, 1), (model.Statistics.Finished, model.Statistics.Preemptions));
        clock.Advance(TimeSpan.FromSeconds(59));
        await Task.Delay(30, Token); // A few rounds of the engine, in which it must stay.
        Assert.Equal(0, model.Statistics.Failed);
        clock.Advance(TimeSpan.FromSeconds(2));
        await WaitAsync(() => model.Statistics.Failed == 1);
        Assert.Equal((0, 0, 0), (model.Statistics.KvBlocksInUse, model.Statistics.Running, model.Statistics.Waiting));
        RequestException fault = await Assert.ThrowsAsync<RequestException>(async () =>
        {
            while (await slow.MoveNextAsync())
            {
            }
        });
        Assert.Equal(FailureKind.Timeout, fault.Kind);
    }

    [Fact]
    public async Task Result_TellsWhereTheTimeWent()
    {
        var clock = new ManualClock();
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, clock);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 512 }, null, Token);
        TinyAnswers.Answer answer = await AskAsync(engine, model, 1, 20);
        Assert.Equal(
            (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero),
            (answer.Took.QueueTime, answer.Took.PrefillTime, answer.Took.DecodeTime));
        ModelStatistics statistics = Assert.Single(engine.Statistics).Statistics;
        Assert.Equal((40, 20, 1), (statistics.PromptTokensComputed, statistics.TokensGenerated, statistics.Finished));
        // What tokens cost is not known yet, so the first step takes 16 of the prompt; the second takes the rest.
        Assert.Equal(1 + 1 + 19, statistics.Steps);
        Assert.Equal(statistics.Steps, statistics.StepCounts.Sum());
    }

    [Fact]
    public async Task Models_TakeTurnsByStep()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        var options = new ModelOptions { Context = 4096 };
        LoadedModel a = await engine.LoadAsync(_path, options, null, Token);
        LoadedModel b = await engine.LoadAsync(_path, options, null, Token);
        Task<TinyAnswers.Answer> running = AskAsync(engine, a, 1, 3000);
        await WaitAsync(() => a.Statistics.TokensGenerated > 3);
        long before = a.Statistics.Steps;
        await AskAsync(engine, b, 2, 100);
        Assert.InRange(a.Statistics.Steps - before, 90, 500); // One each; the rest from before and after.
        Assert.False(running.IsCompleted);
        await engine.UnloadAsync(a, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(b, Assert.Single(engine.Statistics).Model);
    }

    [Theory]
    [InlineData(127)]
    [InlineData(0)]
    public async Task Load_CacheBelowOneContext_IsRefused(int tokens)
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        RequestException fault = await Assert.ThrowsAsync<RequestException>(() => engine.LoadAsync(
            _path, new ModelOptions { Context = 128, KvTokensMax = tokens }, null, Token));
        Assert.Equal("kv-tokens", fault.Parameter);
    }

    [Fact]
    public async Task Load_ManySequences_NeedNoCacheForEach()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            _path, new ModelOptions { Context = 1024, SequencesMax = 100, KvTokensMax = 1024 }, null, Token);
        Assert.Equal(1024 / KvStore.BlockTokens, model.Statistics.KvBlocks);
        TinyAnswers.Answer[] answers =
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => AskAsync(engine, model, i, 30)));
        Assert.Equal(await Task.WhenAll(answers.Select(async (_, i) => (await AskAsync(engine, model, i, 30)).Text)),
            answers.Select(answer => answer.Text));
    }

    private static Task<TinyAnswers.Answer> AskAsync(InferenceEngine engine, LoadedModel model, int seed, int tokens) =>
        TinyAnswers.AskAsync(engine, model, TinyAnswers.Plan(model, TinyAnswers.Text(40, seed), tokens), Token);

    /// <param name="settled">Wait until it also stays so.</param>
    private static async Task WaitAsync(Func<bool> condition, bool settled = false)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        for (int seen = 0; seen < (settled ? 50 : 1); seen = condition() ? seen + 1 : 0)
            await Task.Delay(1, patience.Token);
    }

    /// <summary>A clock at which the engine thread can be held up.</summary>
    private sealed class HeldClock : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim _open = new(true);

        public override long GetTimestamp()
        {
            if (Thread.CurrentThread.Name == "fourteen engine")
                _open.Wait(Token);
            return base.GetTimestamp();
        }

        public void Dispose()
        {
            _open.Set();
        }

        internal void Hold() => _open.Reset();

        internal void Release() => _open.Set();
    }
}
