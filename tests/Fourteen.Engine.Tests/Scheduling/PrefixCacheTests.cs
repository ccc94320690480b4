using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Operators;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>Keys and values that are taken from earlier sequences give the same answers to the bit.</summary>
public sealed class PrefixCacheTests
{
    private const int Block = KvStore.BlockTokens;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("qwen3", KvType.F16)]
    [InlineData("qwen3", KvType.F32)]
    [InlineData("qwen3", KvType.Q8_0)]
    [InlineData("qwen3", KvType.Q4_0)]
    [InlineData("mistral", KvType.F16)]
    [InlineData("mistral", KvType.Q4_0)]
    [InlineData("gemma3", KvType.F16)]
    [InlineData("qwen3moe", KvType.F16)]
    public async Task Answer_WithAHit_EqualsOneWithout(string family, KvType type)
    {
        using var session = await Session.LoadAsync(family, new ModelOptions { KvType = type, Context = 1024 });
        int[] prompt = TinyAnswers.Text((5 * Block) + 7, seed: 3);
        string expected = (await session.AskAsync(prompt, Unshared)).Text;

        TinyAnswers.Answer cold = await session.AskAsync(prompt);
        TinyAnswers.Answer warm = await session.AskAsync(prompt);
        TinyAnswers.Answer other = await session.AskAsync([.. prompt[..(3 * Block)], .. TinyAnswers.Text(60, seed: 4)]);

        Assert.Equal((expected, 0), (cold.Text, cold.Took.CachedTokens));
        Assert.Equal((expected, 5 * Block), (warm.Text, warm.Took.CachedTokens));
        Assert.Equal(3 * Block, other.Took.CachedTokens);
        string alone = (await session.AskAsync(
            [.. prompt[..(3 * Block)], .. TinyAnswers.Text(60, seed: 4)], Unshared)).Text;
        Assert.Equal(alone, other.Text);
    }

    [Fact]
    public async Task Answer_ThatGoesOnWithAnother_FindsItsGeneratedTokensToo()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 1024 });
        int[] prompt = TinyAnswers.Text(Block - 10, seed: 3);
        TinyAnswers.Answer first = await session.AskAsync(prompt, tokens: 60);
        int[] answer = [.. first.Text.Trim('<', '>').Split("><").Select(int.Parse)];
        int[] next = [.. prompt, .. answer, .. TinyAnswers.Text(20, seed: 5)];
        TinyAnswers.Answer second = await session.AskAsync(next);
        Assert.Equal(2 * Block, second.Took.CachedTokens); // 22 + 60 tokens, the last of which was not computed
        Assert.Equal((await session.AskAsync(next, Unshared)).Text, second.Text);
    }

    [Fact]
    public async Task Prompt_OfWholeBlocks_ComputesItsLastOne()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256 });
        int[] prompt = TinyAnswers.Text(3 * Block, seed: 3);
        TinyAnswers.Answer cold = await session.AskAsync(prompt);
        TinyAnswers.Answer warm = await session.AskAsync(prompt);
        Assert.Equal(2 * Block, warm.Took.CachedTokens);
        Assert.Equal(cold.Text, warm.Text);
    }

    [Fact]
    public async Task Salt_ThatDiffers_SharesNothing()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 512 });
        int[] prompt = TinyAnswers.Text(100, seed: 3);
        int[] hits = new int[5];
        string?[] salts = [null, "a", "b", "a", null];
        for (int i = 0; i < salts.Length; i++)
        {
            var options = new SchedulingOptions { CacheSalt = salts[i] };
            hits[i] = (await session.AskAsync(prompt, options)).Took.CachedTokens;
        }

        Assert.Equal([0, 0, 0, 3 * Block, 3 * Block], hits);
    }

    [Fact]
    public async Task RopeFactor_ThatDiffers_SharesNothing()
    {
        string path = TinyAnswers.Write("qwen3", ("qwen3.context_length", 128u));
        using var session = await Session.LoadFileAsync(
            path,
            new ModelOptions { Context = 512, KvTokensMax = 4096, Rope = new RopeOptions { PerRequest = true } });
        int[] prompt = TinyAnswers.Text(100, seed: 3);
        (int Tokens, int Cached)[] expected = [(20, 0), (300, 0), (20, 3 * Block), (290, 3 * Block), (100, 0)];
        foreach ((int tokens, int cached) in expected)
        {
            TinyAnswers.Answer answer = await session.AskAsync(prompt, tokens: tokens);
            Assert.Equal(cached, answer.Took.CachedTokens);
            Assert.Equal((await session.AskAsync(prompt, Unshared, tokens)).Text, answer.Text);
        }
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("yarn")]
    public async Task Answer_WithAScaledRope_IsTheSameWithAHit(string scaling)
    {
        string path = TinyAnswers.Write(
            "qwen3", ("qwen3.rope.scaling.type", scaling), ("qwen3.rope.scaling.factor", 4f),
            ("qwen3.rope.scaling.original_context_length", 128u), ("qwen3.context_length", 512u));
        using var session = await Session.LoadFileAsync(path, new ModelOptions { Context = 512 });
        int[] prompt = TinyAnswers.Text(200, seed: 3);
        TinyAnswers.Answer cold = await session.AskAsync(prompt), warm = await session.AskAsync(prompt);
        Assert.Equal((cold.Text, 6 * Block), (warm.Text, warm.Took.CachedTokens));
    }

    [Fact]
    public async Task Cache_SwitchedOff_KeepsNothing()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256, PrefixCache = false });
        int[] prompt = TinyAnswers.Text(100, seed: 3);
        await session.AskAsync(prompt);
        Assert.Equal(0, (await session.AskAsync(prompt)).Took.CachedTokens);
        Assert.Equal(0, session.Model.Statistics.KvBlocksCached);
    }

    [Fact]
    public async Task Cache_Idle_HoldsBlocksThatNobodyUses()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256 });
        int[] prompt = TinyAnswers.Text(100, seed: 3);
        await session.AskAsync(prompt);
        await session.AskAsync(prompt);
        ModelStatistics idle = session.Model.Statistics;
        Assert.Equal((0, 3, 8), (idle.KvBlocksInUse, idle.KvBlocksCached, idle.KvBlocks));
        Assert.Equal((200, 3 * Block), (idle.PrefixTokensQueried, idle.PrefixTokensHit));

        await session.Engine.DropPrefixCacheAsync(session.Model, Token);
        Assert.Equal(0, session.Model.Statistics.KvBlocksCached);
        Assert.Equal(0, (await session.AskAsync(prompt)).Took.CachedTokens);
    }

    [Fact]
    public async Task Cache_SmallerThanItsTexts_LosesTheLongestUnused()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256 });
        int[] a = TinyAnswers.Text(110, seed: 1), b = TinyAnswers.Text(110, seed: 2);
        int[] c = TinyAnswers.Text(110, seed: 3);
        await session.AskAsync(a); // three whole blocks each, of eight
        await session.AskAsync(b);
        await session.AskAsync(a);
        await session.AskAsync(c);
        Assert.Equal(3 * Block, (await session.AskAsync(a)).Took.CachedTokens);
        Assert.True((await session.AskAsync(b)).Took.CachedTokens < 3 * Block);
    }

    [Fact]
    public async Task Logits_OfEarlierPositions_AreComputedNonetheless()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256 });
        int[] text = TinyAnswers.Text(200, seed: 3);
        await session.AskAsync(text[..160]);
        long before = session.Model.Statistics.PromptTokensComputed;
        List<LogitsRow> rows = [];
        await foreach (LogitsRow row in session.Engine.LogitsAsync(session.Model, text, [100, 199], 512, Token))
            rows.Add(row);
        Assert.Equal([100, 199], rows.Select(row => row.Position));
        Assert.Equal(200 - (3 * Block), session.Model.Statistics.PromptTokensComputed - before);
        await session.Engine.DropPrefixCacheAsync(session.Model, Token);
        await foreach (LogitsRow row in session.Engine.LogitsAsync(session.Model, text, [100, 199], 512, Token))
            Assert.Equal(rows.Single(other => other.Position == row.Position).Logits, row.Logits);
    }

    [Fact]
    public async Task Answers_ToOnePromptAtOnce_ComputeItOnce()
    {
        using var session = await Session.LoadAsync("qwen3", new ModelOptions { Context = 256, SequencesMax = 4 });
        int[] prompt = TinyAnswers.Text(100, seed: 3);
        TinyAnswers.Answer[] answers =
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => session.AskAsync(prompt)));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        ModelStatistics idle = session.Model.Statistics;
        Assert.Equal((0, 3), (idle.KvBlocksInUse, idle.KvBlocksCached));
        Assert.Equal(100 + (3 * (100 - (3 * Block))), idle.PromptTokensComputed); // Three waited for the first.
    }

    private static SchedulingOptions Unshared { get; } = new() { PrefixCache = false };

    private sealed class Session(InferenceEngine engine, LoadedModel model, string path) : IDisposable
    {
        internal InferenceEngine Engine => engine;

        internal LoadedModel Model => model;

        internal static Task<Session> LoadAsync(string family, ModelOptions options) =>
            LoadFileAsync(TinyAnswers.Write(family), options);

        internal static async Task<Session> LoadFileAsync(string path, ModelOptions options)
        {
            var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
            return new Session(engine, await engine.LoadAsync(path, options, null, Token), path);
        }

        internal Task<TinyAnswers.Answer> AskAsync(
            int[] prompt, SchedulingOptions? scheduling = null, int tokens = 12) => TinyAnswers.AskAsync(
                engine, model, TinyAnswers.Plan(model, prompt, tokens, scheduling), Token);

        public void Dispose()
        {
            engine.Dispose();
            File.Delete(path);
        }
    }
}
