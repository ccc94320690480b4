using System.Runtime.InteropServices;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>
/// Sequences, models and the engine end in any order, and nobody who waits for them waits for ever.
/// </summary>
public sealed class EngineLifetimeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _path = TinyModel.Write("qwen3", GgmlType.Q4_0, seed: 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Logits_AfterUnload_AreRefused()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        await engine.UnloadAsync(model, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ReadAsync(engine, model, [1, 2, 3]).WaitAsync(Patience, Token));
        await engine.UnloadAsync(model, Token).WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Unload_WhileSequencesRun_EndsThem()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        Task<List<LogitsRow>>[] readers = [.. Enumerable.Range(0, 6).Select(_ => ReadAsync(engine, model, Text(900)))];
        await engine.UnloadAsync(model, Token).WaitAsync(Patience, Token);
        foreach (Task reader in readers)
        {
            Exception? end = await Record.ExceptionAsync(() => reader.WaitAsync(Patience, Token));
            Assert.True(end is null or OperationCanceledException, $"{end}");
        }
    }

    [Fact]
    public async Task Dispose_WithWorkWaiting_EndsIt()
    {
        var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        using var inside = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Task busy = engine.LoadAsync(_path, new ModelOptions(), (_, _) =>
        {
            inside.Set();
            release.Wait(Token);
        }, Token);
        inside.Wait(Token);
        Task waiting = engine.LoadAsync(_path, new ModelOptions(), null, Token);
        Task[] readers = [.. Enumerable.Range(0, 20).Select(_ => ReadAsync(engine, model, Text(900)))];
        await Task.Run(engine.Dispose, Token).WaitAsync(Patience, Token);
        release.Set();
        foreach (Task task in (Task[])[busy, waiting, .. readers])
        {
            Exception? end = await Record.ExceptionAsync(() => task.WaitAsync(Patience, Token));
            Assert.True(end is null or OperationCanceledException or ObjectDisposedException, $"{end}");
        }

        Assert.IsType<ObjectDisposedException>(await Record.ExceptionAsync(() => busy));
        engine.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => engine.LoadAsync(_path, new ModelOptions(), null, Token));
    }

    [Fact]
    public async Task Load_WhileSequencesRun_DoesNotStopThem()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        using var inside = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Task<LoadedModel> loading = engine.LoadAsync(_path, new ModelOptions(), (_, _) =>
        {
            inside.Set();
            release.Wait(Token);
        }, Token);
        inside.Wait(Token);
        Assert.Single(await ReadAsync(engine, model, Text(40)).WaitAsync(Patience, Token));
        release.Set();
        Assert.Single(await ReadAsync(engine, await loading, Text(40)).WaitAsync(Patience, Token));
        Assert.Equal(2, engine.Statistics.Count);
    }

    [Fact]
    public async Task Logits_BesideAReaderThatPauses_GoOnAndBothAreWhole()
    {
        int[] first = Text(280), second = Text(270);
        using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
        // Blocks for one of the two: the second needs those of the first, whose reader does not come.
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 288 }, null, Token);
        await using IAsyncEnumerator<LogitsRow> paused =
            engine.LogitsAsync(model, first, [.. Enumerable.Range(0, 280)], 512, Token).GetAsyncEnumerator(Token);
        List<LogitsRow> rows = [];
        Assert.True(await paused.MoveNextAsync());
        rows.Add(paused.Current);
        await Task.Delay(200, Token); // Until it is parked.

        List<LogitsRow> beside = await ReadAsync(engine, model, second).WaitAsync(Patience, Token);
        while (await paused.MoveNextAsync())
            rows.Add(paused.Current);

        Assert.Equal(Enumerable.Range(0, 280), rows.Select(row => row.Position));
        using var alone = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel again = await alone.LoadAsync(_path, new ModelOptions(), null, Token);
        Assert.Equal(Bits(await ReadAsync(alone, again, first)), Bits(rows[^1..]));
        Assert.Equal(Bits(await ReadAsync(alone, again, second)), Bits(beside));
    }

    [Fact]
    public async Task Logits_ReadersThatLeave_FreeTheirBlocks()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 288 }, null, Token);
        for (int i = 0; i < 20; i++)
        {
            await foreach (LogitsRow _ in engine.LogitsAsync(
                model, Text(280), [.. Enumerable.Range(0, 280)], 64, Token).WithCancellation(Token))
                break;
        }

        Assert.Single(await ReadAsync(engine, model, Text(288)).WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Logits_CrowdOfReadersInASmallCache_AllEnd()
    {
        const int Seed = 5;
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = 3, StepTokens = 48 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            _path, new ModelOptions { Context = 200, SequencesMax = 2 }, null, Token);
        int[] whole = Text(200);
        int[] expected = Bits(await ReadAsync(engine, model, whole));
        Task[] crowd =
        [
            .. Enumerable.Range(0, 60).Select(i => Task.Run(() => VisitAsync(new Random(Seed + i)), Token)),
        ];
        await Task.WhenAll(crowd).WaitAsync(3 * Patience, Token);
        Assert.Equal(expected, Bits(await ReadAsync(engine, model, whole).WaitAsync(Patience, Token)));

        // Reads to the end, leaves, pauses or is cancelled.
        async Task VisitAsync(Random random)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
            if (random.Next(3) == 0)
                source.CancelAfter(random.Next(200));
            int length = random.Next(1, 201), left = random.Next(3) == 0 ? random.Next(length) : length;
            int[] positions = [.. Enumerable.Range(0, length)];
            try
            {
                await foreach (LogitsRow _ in engine.LogitsAsync(
                    model, whole[..length], positions, random.Next(1, 100), source.Token).WithCancellation(Token))
                {
                    if (left-- == 0)
                        return;
                    if (random.Next(100) == 0)
                        await Task.Delay(random.Next(50), Token);
                }

                Assert.Equal(0, left);
            }
            catch (OperationCanceledException) when (source.IsCancellationRequested)
            {
            }
        }
    }

    [Theory]
    [InlineData(0, 1, 512)]
    [InlineData(int.MaxValue, 1, 512)]
    [InlineData(null, 0, 512)]
    [InlineData(null, int.MaxValue, 512)]
    public async Task Load_OptionsOutsideTheirRange_AreRefused(int? context, int sequencesMax, int stepTokens)
    {
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = 1, StepTokens = stepTokens }, TimeProvider.System);
        var options = new ModelOptions { Context = context, SequencesMax = sequencesMax };
        await Assert.ThrowsAsync<RequestException>(() => engine.LoadAsync(_path, options, null, Token));
    }

    private static async Task<List<LogitsRow>> ReadAsync(InferenceEngine engine, LoadedModel model, int[] text)
    {
        List<LogitsRow> rows = [];
        await foreach (LogitsRow row in engine.LogitsAsync(model, text, [text.Length - 1], 64, Token))
            rows.Add(row);
        return rows;
    }

    private static int[] Text(int length) => [.. Enumerable.Range(0, length).Select(i => i * 7 % TinyModel.Vocabulary)];

    private static int[] Bits(IEnumerable<LogitsRow> rows) =>
        [.. rows.SelectMany(row => MemoryMarshal.Cast<float, int>(row.Logits).ToArray())];
}
