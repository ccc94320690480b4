using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>
/// The same tokens give the same logits to the bit, however they are cut into chunks, whatever else is computed beside
/// them, on any number of threads, and after a preemption: in fast and in precise mode, for each kind of weights.
/// </summary>
public sealed class DeterminismTests
{
    /// <summary>Longer than a piece of attention (256), and no multiple of a cache block (32).</summary>
    private const int Length = 301;

    public static TheoryData<string, GgmlType, bool> Cases()
    {
        var data = new TheoryData<string, GgmlType, bool>();
        GgmlType[] types =
        [
            GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q8_0, GgmlType.Q4_K,
            GgmlType.Q6_K, GgmlType.Q5_K, GgmlType.IQ4_XS,
        ];
        foreach (GgmlType type in types)
        {
            data.Add("qwen3", type, false);
            data.Add("llama", type, true);
        }

        foreach (string family in (string[])
            ["qwen2", "qwen3moe", "mistral", "mixtral", "gemma", "gemma2", "gemma3", "phi3"])
        {
            data.Add(family, GgmlType.Q4_K, false);
            data.Add(family, GgmlType.F16, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_WhateverTheChunks_AreBitIdentical(string family, GgmlType type, bool precise)
    {
        using var model = new TemporaryModel(family, type);
        int[] text = Text(Length, seed: 3);
        int[][] expected = await LogitBits.OfAsync(model.Path, precise, threads: 1, [text], chunk: Length);
        foreach (int chunk in (int[])[1, 3, 32, 100])
            Assert.Equal(expected[0], (await LogitBits.OfAsync(model.Path, precise, threads: 1, [text], chunk))[0]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_WhateverTheThreadsAndTheBatch_AreBitIdentical(
        string family, GgmlType type, bool precise)
    {
        using var model = new TemporaryModel(family, type);
        int[][] texts = [.. Enumerable.Range(0, 5).Select(i => Text(40 + (53 * i), seed: i))];
        foreach (int threads in (int[])[1, 2, 3])
        {
            int[][] together = await LogitBits.OfAsync(model.Path, precise, threads, texts, chunk: 37);
            for (int i = 0; i < texts.Length; i++)
                Assert.Equal((await LogitBits.OfAsync(model.Path, precise, 1, [texts[i]], chunk: 512))[0], together[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_OnEveryInstructionSet_AreBitIdentical(string family, GgmlType type, bool precise)
    {
        using var model = new TemporaryModel(family, type);
        int[] text = Text(45, seed: 3);
        int[][] expected = await LogitBits.OfAsync(model.Path, precise, 1, [text], chunk: 64, isa: IsaPath.Scalar);
        foreach (IsaPath isa in Isa.BestFirst.Where(Isa.IsSupported))
            Assert.Equal(expected, await LogitBits.OfAsync(model.Path, precise, 2, [text], chunk: 64, isa: isa));
    }

    [Fact]
    public async Task Logits_AfterPreemption_AreBitIdentical()
    {
        using var model = new TemporaryModel("qwen3", GgmlType.Q4_K);
        int[][] texts = [.. Enumerable.Range(0, 3).Select(i => Text(280 - i, seed: i))];
        // Blocks for 288 positions: two of the sequences do not fit at once, so the younger ones are thrown out.
        int[][] crowded = await LogitBits.OfAsync(model.Path, false, 2, texts, chunk: 64, context: 288);
        for (int i = 0; i < texts.Length; i++)
            Assert.Equal((await LogitBits.OfAsync(model.Path, false, 2, [texts[i]], chunk: 64))[0], crowded[i]);
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Q8_0)]
    [InlineData(KvType.Q4_0)]
    public async Task Logits_InEachTypeOfCache_AreBitIdentical(KvType type)
    {
        foreach (string family in (string[])["qwen3", "mistral"])
        {
            using var model = new TemporaryModel(family, GgmlType.Q4_K);
            int[][] texts = [Text(Length, seed: 3), Text(40, seed: 4), Text(270, seed: 5)];
            var expected = new List<int[]>();
            foreach (int[] text in texts)
                expected.Add((await LogitBits.OfAsync(model.Path, false, 1, [text], chunk: Length, kvType: type))[0]);
            foreach ((int threads, int chunk) in ((int, int)[])[(1, 1), (2, 32), (3, 37), (2, 512)])
                Assert.Equal(expected, await LogitBits.OfAsync(model.Path, false, threads, texts, chunk, kvType: type));
            foreach (IsaPath isa in Isa.BestFirst.Where(Isa.IsSupported))
            {
                int[][] actual = await LogitBits.OfAsync(
                    model.Path, false, 2, [texts[1]], 16, isa: isa, kvType: type);
                Assert.Equal(expected[1], actual[0]);
            }
        }
    }

    [Theory]
    [InlineData(KvType.Q8_0)]
    [InlineData(KvType.Q4_0)]
    public async Task Load_HeadsOfNoWholeGroups_AreRefusedInAQuantizedCache(KvType type)
    {
        string path = TinyModel.Write(
            "qwen3", GgmlType.F32, 1, ("qwen3.attention.key_length", 80u), ("qwen3.attention.value_length", 80u));
        try
        {
            using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
            RequestException error = await Assert.ThrowsAsync<RequestException>(() => engine.LoadAsync(
                path, new ModelOptions { KvType = type }, null, TestContext.Current.CancellationToken));
            Assert.Equal("kv-type", error.Parameter);
            Assert.Contains("have 80; use f16 or f32", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static int[] Text(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(TinyModel.Vocabulary))];
    }

    private sealed class TemporaryModel(string family, GgmlType type) : IDisposable
    {
        public string Path { get; } = TinyModel.Write(family, type, seed: 1);

        public void Dispose() => File.Delete(Path);
    }
}
