using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Operators;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>
/// Requests that come and go at random, with common beginnings, priorities and tenants, in a cache that is far too
/// small for them: each answer equals its solo run, and in the end nothing is left.
/// </summary>
public sealed class SchedulingStressTests
{
    private const int Context = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("qwen3", KvType.F16, 1)]
    [InlineData("qwen3", KvType.Q8_0, 2)]
    [InlineData("qwen3", KvType.Q4_0, 3)]
    [InlineData("mistral", KvType.F32, 4)]
    [InlineData("gemma3", KvType.F16, 5)]
    [InlineData("qwen3moe", KvType.F16, 6)]
    public async Task Answers_UnderRandomLoad_EqualTheirSoloRuns(string family, KvType type, int seed)
    {
        string path = TinyAnswers.Write(family);
        try
        {
            int[][] prompts = Prompts(new Random(seed));
            string[] expected = await SoloAsync(path, type, prompts);
            using var engine = new InferenceEngine(
                new EngineOptions { Threads = 2, StepTokens = 64, MaxInterTokenMs = 1 }, TimeProvider.System);
            LoadedModel model = await engine.LoadAsync(
                path, new ModelOptions { Context = Context, SequencesMax = 6, KvTokensMax = 384, KvType = type },
                null, Token);
            int finished = 0;
            await Task.WhenAll(Enumerable.Range(0, 80).Select(i => Task.Run(() => VisitAsync(new Random(i)), Token)))
                .WaitAsync(Patience, Token);

            await WaitForIdleAsync(model);
            ModelStatistics idle = model.Statistics;
            Assert.Equal((0, 0, 80), (idle.KvBlocksInUse, idle.Failed, idle.Finished + idle.Cancelled));
            Assert.InRange(finished, 1, idle.Finished); // Some were cancelled after their end.
            Assert.True(idle.Preemptions > 0 && idle.PrefixTokensHit > 0 && idle.Cancelled > 0);

            async Task VisitAsync(Random random)
            {
                using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
                await Task.Delay(random.Next(100), Token);
                int which = random.Next(prompts.Length);
                if (random.Next(4) == 0)
                    source.CancelAfter(random.Next(60));
                var options = new SchedulingOptions
                {
                    Priority = random.Next(-1, 2),
                    Tenant = random.Next(3) switch { 0 => null, 1 => "a", _ => "b" },
                    CacheSalt = random.Next(4) == 0 ? "salt" : null,
                    PrefixCache = random.Next(5) > 0,
                };
                try
                {
                    TinyAnswers.Answer answer = await TinyAnswers.AskAsync(
                        engine, model, TinyAnswers.Plan(model, prompts[which], TokensOf(which), options), source.Token);
                    Assert.Equal(expected[which], answer.Text);
                    Interlocked.Increment(ref finished);
                }
                catch (OperationCanceledException) when (source.IsCancellationRequested)
                {
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static int TokensOf(int prompt) => 5 + (prompt * 7 % 50);

    private static int[][] Prompts(Random random)
    {
        int[] common = TinyAnswers.Text(200, random.Next());
        return
        [
            .. Enumerable.Range(0, 16).Select(i =>
                (int[])[.. common[..(i % 4 * 50)], .. TinyAnswers.Text(random.Next(1, 50), random.Next())]),
        ];
    }

    private static async Task<string[]> SoloAsync(string path, KvType type, int[][] prompts)
    {
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            path, new ModelOptions { Context = Context, KvType = type, PrefixCache = false }, null, Token);
        var answers = new string[prompts.Length];
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = (await TinyAnswers.AskAsync(
                engine, model, TinyAnswers.Plan(model, prompts[i], TokensOf(i)), Token)).Text;
        }

        return answers;
    }

    private static async Task WaitForIdleAsync(LoadedModel model)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        while (model.Statistics is not { Running: 0, Waiting: 0 })
            await Task.Delay(1, patience.Token);
    }
}
