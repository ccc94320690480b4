using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Embeddings;

namespace Fourteen.Engine;

/// <summary>Makes vectors of texts with a loaded model. Any thread may call it, several at once.</summary>
/// <param name="pooling">How vectors of tokens become one where a request does not say.</param>
/// <param name="tenant">Who asks, for fairness among callers.</param>
public sealed class LocalEmbedder(
    InferenceEngine engine, LoadedModel model, EmbeddingPooling pooling, string? tenant, TimeProvider clock) : IEmbedder
{
    public async Task<EmbeddingAnswer> EmbedAsync(EmbeddingRequest request, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        int[][] inputs = [.. request.Inputs.Select((input, i) => Encode(input, i, request.Truncate))];
        var scheduling = SchedulingOptions.Default with { Tenant = tenant };
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            float[][] vectors = await Task.WhenAll(inputs.Select(tokens => engine.EmbedAsync(
                    model, tokens, request.Pooling ?? pooling, request.Normalize, scheduling, left.Token)))
                .ConfigureAwait(false);
            return new EmbeddingAnswer(vectors, inputs.Sum(tokens => tokens.Length), clock.GetElapsedTime(started));
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false); // Where one input fails, the others are for nobody.
        }
    }

    /// <summary>With the tokens that the model begins and ends texts with, as it learned them.</summary>
    private int[] Encode(EmbeddingInput input, int index, bool truncates)
    {
        int[] tokens = input.Tokens is { } given ? [.. given] : model.Text.EncodeText(input.Text ?? "");
        if (tokens.Length > model.Context && truncates)
            return tokens[..model.Context];
        return tokens.Length <= model.Context
            ? tokens
            : throw new RequestException(
                $"input[{index}]",
                $"input[{index}] has {tokens.Length} tokens, but the context has room for {model.Context}",
                FailureKind.ContextOverflow);
    }
}
