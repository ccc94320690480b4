using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Models;
using Fourteen.Engine.Synthetic;
using Xunit;

namespace Fourteen.Engine.Tests.Benchmarks;

/// <summary>What a benchmark runs and counts; how long it takes is nobody's expectation.</summary>
public sealed class MeasureTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private static readonly ModelShape Dense = ModelCatalog.Find("qwen3-0.6b")! with // A name of the table.
    {
        Layers = 2,
        Hidden = 256,
        FeedForward = 512,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 64,
        Vocabulary = 320,
        Context = 256,
    };

    private static readonly ModelShape Sparse = Dense with
    {
        Architecture = "qwen3moe",
        Experts = 8,
        ExpertsUsed = 2,
    };

    // Multiplications of a token with the layers, and with the output matrix.
    private const long LayerProducts = 2L * ((2 * 256 * 256) + (2 * 256 * 128) + (3 * 256 * 512));
    private const long OutputProducts = 256L * 320;
    private const long KvBytes = 2L * 2 * 2 * 64 * 2; // of a position in half precision

    [Fact]
    public async Task Prompt_CountsItsTokensAndOneRowOfLogits()
    {
        BenchmarkRound[] rounds = await MeasureAsync(Dense, new BenchmarkTest(40, 0, 1, 0), rounds: 3);

        Assert.Equal(3, rounds.Length);
        Assert.All(rounds, round =>
        {
            Assert.Equal(40, round.Tokens);
            Assert.Equal((40 * LayerProducts) + OutputProducts, round.Work.MultiplyAdds);
            Assert.Equal(40 * KvBytes, round.Work.KvBytes);
            Assert.True(round.Elapsed > TimeSpan.Zero);
        });
    }

    [Fact]
    public async Task Batch_WhoseContextsEndWithinABlock_HasBlocksForAllOfThem()
    {
        // 66 positions need three blocks each; as one sum of positions, four of them would have nine.
        Assert.Single(await MeasureAsync(Dense, new BenchmarkTest(0, 2, 4, 64), rounds: 1));
    }

    [Fact]
    public async Task Prompt_WithAllLogits_CountsARowForEachToken()
    {
        BenchmarkRound[] rounds =
            await MeasureAsync(Dense, new BenchmarkTest(100, 0, 1, 0, AllLogits: true), rounds: 2);

        Assert.All(rounds, round => Assert.Equal(100 * (LayerProducts + OutputProducts), round.Work.MultiplyAdds));
    }

    [Fact]
    public async Task Generation_OfSequencesAtDepth_ReadsWeightsOnceAStepAndEachCache()
    {
        var test = new BenchmarkTest(0, 5, 3, 50);
        BenchmarkRound[] rounds = await MeasureAsync(Dense, test, rounds: 2);
        BenchmarkRound[] single = await MeasureAsync(Dense, test with { Batch = 1 }, rounds: 1);

        Assert.Equal("tg5", test.Name);
        Assert.All(rounds, round =>
        {
            Assert.Equal(15, round.Tokens);
            Assert.Equal(3 * (51 + 52 + 53 + 54 + 55) * KvBytes, round.Work.KvBytes);
            Assert.Equal(15 * (LayerProducts + OutputProducts), round.Work.MultiplyAdds);
            Assert.Equal(single[0].Work.WeightBytes, round.Work.WeightBytes);
        });
    }

    [Fact]
    public async Task Generation_OfOneSequence_ReadsTheExpertsOfItsTokens()
    {
        BenchmarkRound[] dense = await MeasureAsync(Dense with { FeedForward = 1024 }, new(0, 4, 1, 0), rounds: 1);
        BenchmarkRound[] sparse = await MeasureAsync(Sparse, new(0, 4, 1, 0), rounds: 1);

        // Two of eight experts of width 512 are as much as one block of 1024, and the router comes on top.
        const long Router = 2L * 8 * 256;
        Assert.Equal(dense[0].Work.MultiplyAdds + (4 * Router), sparse[0].Work.MultiplyAdds);
        Assert.InRange(
            sparse[0].Work.WeightBytes - dense[0].Work.WeightBytes, 4 * Router * 4, 4 * Router * 4 * 2);
    }

    [Fact]
    public async Task Test_ThatDoesNotFit_IsRefused()
    {
        RequestException refusal = await Assert.ThrowsAsync<RequestException>(
            () => MeasureAsync(Dense, new BenchmarkTest(0, 8, 1, 256), rounds: 1, context: 256));

        Assert.Contains("264 positions", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_EndsTheTest_AndTheEngineGoesOn()
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            Open(Dense), new ModelOptions { SequencesMax = 2 }, null, Cancellation);
        using var source = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.MeasureAsync(
            model, new BenchmarkTest(0, 200, 2, 0), 1000, (done, _) => Cancel(source, done > 50), source.Token));
        IReadOnlyList<BenchmarkRound> after = await engine.MeasureAsync(
            model, new BenchmarkTest(8, 0, 1, 0), 1, null, Cancellation);

        Assert.Single(after);
    }

    private static void Cancel(CancellationTokenSource source, bool now)
    {
        if (now)
            source.Cancel();
    }

    private static ModelFile Open(ModelShape shape) =>
        new SyntheticModel(shape, QuantMix.Find("Q8_0")!, seed: 1).Open(); // A name of the table.

    private static async Task<BenchmarkRound[]> MeasureAsync(
        ModelShape shape, BenchmarkTest test, int rounds, int? context = null)
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
        var options = new ModelOptions { Context = context ?? test.Positions, SequencesMax = test.Batch };
        LoadedModel model = await engine.LoadAsync(Open(shape), options, null, Cancellation);
        return [.. await engine.MeasureAsync(model, test, rounds, null, Cancellation)];
    }
}
