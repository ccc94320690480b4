using System.Text.Json;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Tokenizers;
using Fourteen.Kernels.Operators;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>
/// Perplexity of the embedded model on the first chunks of golden/perplexity's text, by the chunk rule of its README.
/// The environment variable FOURTEEN_PERPLEXITY_CHUNKS raises the number of chunks (13 are all).
/// </summary>
public sealed class PerplexityTests(ITestOutputHelper output)
{
    private const int Chunk = 512;

    /// <summary>golden/perplexity: an engine with 8-bit activations against llama.cpp's, which has them too.</summary>
    private const double FastTolerance = 0.005;

    /// <summary>golden/perplexity: an engine in 32-bit floats against transformers.</summary>
    private const double PreciseTolerance = 1e-4;

    /// <summary>
    /// What 8 and 4 bits of cache may cost beside 16, relative: about three times what they cost on these two chunks
    /// (0.0028 and 0.034).
    /// </summary>
    private const double Q8_0Cost = 0.01, Q4_0Cost = 0.1;

    private static int ChunksAsked =>
        int.TryParse(Environment.GetEnvironmentVariable("FOURTEEN_PERPLEXITY_CHUNKS"), out int chunks) ? chunks : 0;

    [Fact]
    public async Task Fast_OnPartOfTheText_AgreesWithLlamaCpp()
    {
        int chunks = Math.Max(3, ChunksAsked);
        double expected = Reference("llama.json", "llama_perplexity", "Q4_1 ctx 512", chunks);
        await Check(precise: false, chunks, expected, FastTolerance);
    }

    [Fact]
    public async Task Precise_OnPartOfTheText_AgreesWithTransformers()
    {
        int chunks = Math.Max(1, ChunksAsked);
        double expected = Reference("hf-float32.json", "ctx 512", null, chunks);
        await Check(precise: true, chunks, expected, PreciseTolerance);
    }

    [Theory]
    [InlineData(KvType.Q8_0, Q8_0Cost)]
    [InlineData(KvType.Q4_0, Q4_0Cost)]
    public async Task Fast_WithAQuantizedCache_CostsLittle(KvType type, double cost)
    {
        int chunks = Math.Max(2, ChunksAsked);
        double halves = await Perplexity(false, chunks), quantized = await Perplexity(false, chunks, type);
        output.WriteLine($"perplexity of {chunks} chunks, {type}: {quantized:F4}, f16 {halves:F4}");
        Assert.NotEqual(halves, quantized);
        Assert.InRange(quantized / halves, 1 - cost, 1 + cost);
    }

    private async Task Check(bool precise, int chunks, double expected, double tolerance)
    {
        double actual = await Perplexity(precise, chunks);
        double difference = Math.Abs((actual / expected) - 1);
        output.WriteLine(
            $"perplexity of {chunks} chunks, precise {precise}: {actual:F4}, reference {expected:F4}, {difference:E2}");
        Assert.True(
            difference <= tolerance, $"{actual} against {expected}: {difference:E2} relative, {tolerance} allowed");
    }

    private static double Reference(string file, string first, string? second, int chunks)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(SharedFiles.Golden($"perplexity/{file}")));
        JsonElement at = document.RootElement.GetProperty(first);
        if (second is not null)
            at = at.GetProperty(second);
        return at.GetProperty("cumulative_ppl")[chunks - 1].GetDouble();
    }

    private static async Task<double> Perplexity(bool precise, int chunks, KvType type = KvType.F16)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            SharedFiles.Model("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"),
            new ModelOptions { Precise = precise, Context = Chunk, KvType = type }, null, cancellation);
        string text = await File.ReadAllTextAsync(SharedFiles.Golden("perplexity/text.txt"), cancellation);
        int[] ids = model.Text.Tokenizer.Encode(text, AddedTokens.None);
        Assert.Equal(6786, ids.Length);
        int[] positions = [.. Enumerable.Range(Chunk / 2, (Chunk / 2) - 1)];
        double sum = 0;
        double[] logprob = new double[1];
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int[] piece = ids[(chunk * Chunk)..((chunk + 1) * Chunk)];
            await foreach (LogitsRow row in engine.LogitsAsync(model, piece, positions, Chunk, cancellation))
            {
                Logprobs.Of(row.Logits, [piece[row.Position + 1]], logprob);
                sum -= logprob[0];
            }
        }

        return Math.Exp(sum / (chunks * positions.Length));
    }
}
