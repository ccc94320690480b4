using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Embeddings;
using Microsoft.Extensions.AI;

namespace Fourteen.ExtensionsAI;

/// <summary>From our interfaces to those of Microsoft.Extensions.AI, and back.</summary>
public static class ProviderExtensions
{
    /// <summary>A chat client that answers by a provider, to which builders add function invocation and the like.
    /// </summary>
    /// <param name="modelId">What responses call the model; null for what a request names.</param>
    public static IChatClient AsChatClient(this IProvider provider, string? modelId = null) =>
        new ProviderChatClient(provider, modelId);

    /// <summary>A generator whose vectors an embedder makes.</summary>
    /// <param name="modelId">What embeddings call the model; null for what a request names.</param>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(
        this IEmbedder embedder, string? modelId = null) => new ProviderEmbeddingGenerator(embedder, modelId);

    /// <summary>A provider that answers by a chat client, whoever stands behind it.</summary>
    public static IProvider AsProvider(this IChatClient client, TimeProvider clock) =>
        new ChatClientProvider(client, clock);
}
