using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;

namespace Fourteen.ExtensionsAI;

/// <summary>
/// <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> over any <see cref="IEmbedder"/>. Any thread may call it,
/// several at once. It owns nothing: disposing of it leaves the embedder as it is.
/// </summary>
/// <param name="modelId">What embeddings call the model; null for what a request names.</param>
public sealed class ProviderEmbeddingGenerator(IEmbedder embedder, string? modelId = null)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>One vector of length 1 for each text, in their order.</summary>
    /// <exception cref="RequestException">
    /// The options ask for a length that the model's vectors do not have, or a text does not fit.
    /// </exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var request = new EmbeddingRequest
        {
            Model = options?.ModelId,
            Inputs = [.. values.Select(text => new EmbeddingInput(text, null))],
        };
        if (request.Inputs.Count == 0)
            return [];
        EmbeddingAnswer answer = await embedder.EmbedAsync(request, cancellationToken).ConfigureAwait(false);
        if (options?.Dimensions is { } wanted && answer.Vectors[0].Length != wanted)
        {
            throw new RequestException(
                "dimensions",
                $"the model's vectors have {answer.Vectors[0].Length} numbers, but {wanted} were asked for");
        }

        return new GeneratedEmbeddings<Embedding<float>>(answer.Vectors.Select(vector => new Embedding<float>(vector)
        {
            ModelId = request.Model ?? modelId,
        }))
        {
            Usage = new UsageDetails
            {
                InputTokenCount = answer.PromptTokens,
                TotalTokenCount = answer.PromptTokens,
            },
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(EmbeddingGeneratorMetadata))
            return new EmbeddingGeneratorMetadata("fourteen", defaultModelId: modelId);
        if (serviceType.IsInstanceOfType(this))
            return this;
        return serviceType.IsInstanceOfType(embedder) ? embedder : null;
    }

    public void Dispose()
    {
    }
}
