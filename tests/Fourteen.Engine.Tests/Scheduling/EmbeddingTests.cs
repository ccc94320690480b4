using System.Runtime.InteropServices;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Protocol.Embeddings;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

public sealed class EmbeddingTests : IDisposable
{
    private readonly string _path = TinyModel.Write("qwen3", GgmlType.F32, seed: 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_path);

    /// <summary>The output matrix is read from the file, so that nothing of the engine's last product takes part.
    /// </summary>
    [Fact]
    public async Task Last_TimesTheOutputMatrix_IsTheLogits()
    {
        const double Tolerance = 1e-4; // Sums of 256 products of numbers around 1, in floats and in doubles.
        using InferenceEngine engine = Engine();
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Precise = true }, null, Token);
        int[] text = TinyAnswers.Text(50, seed: 3);
        float[] state = await EmbedAsync(engine, model, text, EmbeddingPooling.Last, normalized: false);
        float[] logits = [];
        await foreach (LogitsRow row in engine.LogitsAsync(model, text, [49], 512, Token))
            logits = row.Logits;
        using ModelFile file = ModelFile.Open(_path);
        double[] expected = Multiply(file.RequireTensor("output.weight").Address, TinyModel.Vocabulary, state);
        for (int i = 0; i < logits.Length; i++)
            Assert.Equal(expected[i], logits[i], Tolerance * (1 + Math.Abs(expected[i])));
    }

    [Fact]
    public async Task Mean_IsThatOfAllStates_AndClsTheFirst()
    {
        using InferenceEngine engine = Engine();
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        int[] text = TinyAnswers.Text(40, seed: 3);
        var sum = new double[256];
        for (int length = 1; length <= text.Length; length++)
        {
            float[] last = await EmbedAsync(engine, model, text[..length], EmbeddingPooling.Last, normalized: false);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += last[i];
            if (length == 1)
                Assert.Equal(last, await EmbedAsync(engine, model, text, EmbeddingPooling.Cls, normalized: false));
        }

        float[] mean = await EmbedAsync(engine, model, text, EmbeddingPooling.Mean, normalized: false);
        Assert.Equal(Array.ConvertAll(sum, value => (float)(value / text.Length)), mean);

        float[] unit = await EmbedAsync(engine, model, text, EmbeddingPooling.Mean, normalized: true);
        double length2 = Math.Sqrt(sum.Sum(value => value * value)) / text.Length;
        for (int i = 0; i < unit.Length; i++)
            Assert.Equal(mean[i] / length2, unit[i], 1e-6); // The quotient of a rounded number.
    }

    [Theory]
    [InlineData(EmbeddingPooling.Mean)]
    [InlineData(EmbeddingPooling.Last)]
    [InlineData(EmbeddingPooling.Cls)]
    public async Task Vector_WhateverTheSteps_IsBitIdentical(EmbeddingPooling pooling)
    {
        int[][] texts = [.. Enumerable.Range(0, 6).Select(i => TinyAnswers.Text(20 + (61 * i), seed: i))];
        using InferenceEngine engine = Engine();
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions { Context = 400 }, null, Token);
        var expected = new List<float[]>();
        foreach (int[] text in texts)
            expected.Add(await EmbedAsync(engine, model, text, pooling, normalized: true));
        foreach ((int stepTokens, int threads) in ((int, int)[])[(17, 1), (100, 2), (512, 3)])
        {
            using InferenceEngine other = Engine(stepTokens, threads);
            // Blocks for one context: sequences lose theirs and go on where their sums stand.
            LoadedModel again = await other.LoadAsync(
                _path, new ModelOptions { Context = 400, SequencesMax = 8, KvTokensMax = 400 }, null, Token);
            Task<float[]>[] together = [.. texts.Select(text => EmbedAsync(other, again, text, pooling, true))];
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.Equal(
                    MemoryMarshal.Cast<float, int>(expected[i]).ToArray(),
                    MemoryMarshal.Cast<float, int>(await together[i]).ToArray());
            }

            Assert.Equal(0, again.Statistics.KvBlocksInUse);
        }
    }

    [Fact]
    public async Task Embed_Cancelled_Ends()
    {
        using InferenceEngine engine = Engine(stepTokens: 1, threads: 1);
        LoadedModel model = await engine.LoadAsync(_path, new ModelOptions(), null, Token);
        using var source = new CancellationTokenSource();
        Task<float[]> task = engine.EmbedAsync(
            model, TinyAnswers.Text(4000, seed: 1), EmbeddingPooling.Mean, true, SchedulingOptions.Default,
            source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
    }

    private static InferenceEngine Engine(int stepTokens = 512, int threads = 2) =>
        new(new EngineOptions { Threads = threads, StepTokens = stepTokens }, TimeProvider.System);

    private static Task<float[]> EmbedAsync(
        InferenceEngine engine, LoadedModel model, int[] text, EmbeddingPooling pooling, bool normalized) =>
        engine.EmbedAsync(model, text, pooling, normalized, SchedulingOptions.Default, Token);

    private static unsafe double[] Multiply(nint matrix, int rows, float[] vector)
    {
        var result = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < vector.Length; i++)
                result[row] += (double)((float*)matrix)[(row * vector.Length) + i] * vector[i];
        }

        return result;
    }
}
