using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.ExtensionsAI;
using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>The engine as an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>.</summary>
public sealed class ProviderEmbeddingGeneratorTests(LocalModel local)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Vectors_OfTexts_AreThoseOfTheEmbedder()
    {
        IEmbedder embedder = await EmbedderAsync();
        using IEmbeddingGenerator<string, Embedding<float>> generator = embedder.AsEmbeddingGenerator("tiny");
        EmbeddingAnswer expected = await embedder.EmbedAsync(
            new EmbeddingRequest { Inputs = [new EmbeddingInput("Hello", null), new EmbeddingInput("Count", null)] },
            Cancellation);

        GeneratedEmbeddings<Embedding<float>> vectors = await generator.GenerateAsync(
            ["Hello", "Count"], new EmbeddingGenerationOptions { Dimensions = 256 }, Cancellation);

        Assert.Equal(expected.Vectors, vectors.Select(vector => vector.Vector.ToArray()));
        Assert.Equal(expected.PromptTokens, vectors.Usage?.InputTokenCount);
        Assert.All(vectors, vector => Assert.Equal("tiny", vector.ModelId));
        Assert.Same(embedder, generator.GetService<IEmbedder>());
        Assert.Equal("tiny", generator.GetService<EmbeddingGeneratorMetadata>()?.DefaultModelId);
    }

    [Fact]
    public async Task Vectors_OfNoTexts_AreNone()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = (await EmbedderAsync()).AsEmbeddingGenerator();

        Assert.Empty(await generator.GenerateAsync([], cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Vectors_OfAnotherLength_AreRefused()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = (await EmbedderAsync()).AsEmbeddingGenerator();

        RequestException refused = await Assert.ThrowsAsync<RequestException>(() => generator.GenerateAsync(
            ["Hello"], new EmbeddingGenerationOptions { Dimensions = 64 }, Cancellation));

        Assert.Equal("dimensions", refused.Parameter);
        Assert.Contains("256", refused.Message, StringComparison.Ordinal);
    }

    private async Task<IEmbedder> EmbedderAsync()
    {
        (InferenceEngine engine, LoadedModel model) = await local.LoadAsync(Cancellation);
        return new LocalEmbedder(engine, model, EmbeddingPooling.Mean, null, TimeProvider.System);
    }
}
