using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>
/// A step allocates nothing that the garbage collector would have to follow: scheduling, forward pass and sampling.
/// Text is a string and cannot be had for nothing, so the vocabulary here has control tokens alone, which have no text.
/// </summary>
public sealed class StepAllocationTests
{
    private const int Tokens = 300;

    /// <summary>A step takes the time when it begins, when a token is appended, and when it ends.</summary>
    private const int TimesPerStep = 3;

    [Theory]
    [InlineData("qwen3", GgmlType.Q4_K, 1)] // On one thread the engine's own allocations are all there are.
    [InlineData("qwen3", GgmlType.Q4_K, 2)]
    [InlineData("qwen2", GgmlType.Q8_0, 1)]
    [InlineData("qwen3moe", GgmlType.Q6_K, 1)]
    [InlineData("mixtral", GgmlType.F16, 1)]
    [InlineData("gemma3", GgmlType.Q5_K, 1)]
    public async Task Decode_OnceWarm_AllocatesNothing(string family, GgmlType type, int threads)
    {
        string path = TinyModel.Write(family, type, seed: 4, Vocabulary());
        try
        {
            var clock = new AllocationClock();
            using var engine = new InferenceEngine(new EngineOptions { Threads = threads }, clock);
            LoadedModel model = await engine.LoadAsync(
                path, new ModelOptions { Context = 512 }, null, TestContext.Current.CancellationToken);
            var provider = new LocalProvider(engine, model, clock);
            await GenerateAsync(provider); // Blocks of the cache and scratch are made once.
            clock.Clear();
            await GenerateAsync(provider);

            // The first steps of a sequence make its scratch; the last ends it.
            long[] perToken = clock.Differences()[(10 * TimesPerStep)..^(2 * TimesPerStep)];
            Assert.InRange(perToken.Length, TimesPerStep * (Tokens - 20), TimesPerStep * (Tokens + 2));
            Assert.All(perToken, bytes => Assert.Equal(0, bytes));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task GenerateAsync(LocalProvider provider)
    {
        var request = new ChatRequest
        {
            Text = "<|1|><|2|><|3|>",
            MaxTokens = Tokens,
            IgnoreEnd = true,
            Sampling = new SamplingSettings
            {
                Temperature = 0.8,
                TopK = 40,
                TopP = 0.9,
                MinP = 0.01,
                RepetitionPenalty = 1.1,
                Seed = 7,
            },
        };
        await foreach (ChatEvent item in provider.StreamAsync(request, TestContext.Current.CancellationToken))
        {
            if (item is Completed completed)
                Assert.Equal(Tokens, completed.Usage.CompletionTokens);
        }
    }

    /// <summary>A tokenizer of control tokens <c>&lt;|0|></c>, <c>&lt;|1|></c> …</summary>
    private static (string Key, object Value)[] Vocabulary() =>
    [
        ("tokenizer.ggml.model", "gpt2"),
        ("tokenizer.ggml.pre", "qwen2"),
        ("tokenizer.ggml.tokens", Enumerable.Range(0, TinyModel.Vocabulary).Select(i => $"<|{i}|>").ToArray()),
        ("tokenizer.ggml.token_type", Enumerable.Repeat(3, TinyModel.Vocabulary).ToArray()),
        ("tokenizer.ggml.merges", Array.Empty<string>()),
    ];

    /// <summary>
    /// The engine asks for the time a few times a token, on its own thread: a place from which that thread's
    /// allocations can be seen.
    /// </summary>
    private sealed class AllocationClock : TimeProvider
    {
        private readonly long[] _bytes = new long[(TimesPerStep + 1) * Tokens];
        private int _count;

        public override long GetTimestamp()
        {
            if (Thread.CurrentThread.Name == "fourteen engine" && _count < _bytes.Length)
                _bytes[_count++] = GC.GetAllocatedBytesForCurrentThread();
            return base.GetTimestamp();
        }

        internal void Clear() => _count = 0;

        internal long[] Differences() =>
            [.. _bytes[1.._count].Zip(_bytes[..(_count - 1)], (after, before) => after - before)];
    }
}
