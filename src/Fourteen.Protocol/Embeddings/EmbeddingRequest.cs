namespace Fourteen.Protocol.Embeddings;

/// <summary>How the vectors of a text's tokens become one.</summary>
public enum EmbeddingPooling
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The last token's.</summary>
    Last,

    /// <summary>The first token's.</summary>
    Cls,
}

/// <summary>What is embedded: a text, or ids that are taken as they are. One of both is given.</summary>
public sealed record EmbeddingInput(string? Text, IReadOnlyList<int>? Tokens);

/// <summary>Texts that are to become vectors.</summary>
public sealed record EmbeddingRequest
{
    /// <summary>The model by the name that it is served under; null for the one that is there.</summary>
    public string? Model { get; init; }

    public IReadOnlyList<EmbeddingInput> Inputs { get; init; } = [];

    /// <summary>Null for the model's own.</summary>
    public EmbeddingPooling? Pooling { get; init; }

    /// <summary>Whether vectors are scaled to length 1.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether an input that does not fit the context is cut off at its end; else it is an error.</summary>
    public bool Truncate { get; init; }
}

/// <summary>The vectors of a request, in the order of its inputs, and what they took.</summary>
public sealed record EmbeddingAnswer(IReadOnlyList<float[]> Vectors, int PromptTokens, TimeSpan Time);

/// <summary>Whoever makes vectors of texts.</summary>
public interface IEmbedder
{
    /// <summary>Any thread may call it, several at once.</summary>
    /// <exception cref="Failures.RequestException">The request cannot be honoured.</exception>
    Task<EmbeddingAnswer> EmbedAsync(EmbeddingRequest request, CancellationToken cancellation);
}
