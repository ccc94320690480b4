namespace Fourteen.Protocol.Reports;

/// <summary>A model that is served, as reports show it. Sizes are bytes; what is not known is null.</summary>
public sealed record ModelStatus
{
    /// <summary>The name that it is served under.</summary>
    public required string Name { get; init; }

    /// <summary>Its file or folder.</summary>
    public required string Path { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>When its file was written.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>A hash of its content in lower-case hexadecimal; null where nobody computed one.</summary>
    public string? Digest { get; init; }

    /// <summary>"gguf" or "safetensors".</summary>
    public required string Format { get; init; }

    /// <summary>The architecture, such as "qwen3".</summary>
    public required string Family { get; init; }

    public required long ParameterCount { get; init; }

    /// <summary>The type of most weights, such as "Q4_K_M".</summary>
    public required string Quantization { get; init; }

    /// <summary>Positions that the model was trained for.</summary>
    public required int ContextTrained { get; init; }

    /// <summary>Positions that a sequence may have here.</summary>
    public required int Context { get; init; }

    /// <summary>Channels of a position, which is also the length of an embedding.</summary>
    public required int EmbeddingLength { get; init; }

    public int? VocabularySize { get; init; }

    /// <summary>Of "completion", "tools", "thinking", "insert" and "embedding" what it can do.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The text of its chat template; empty where it has none.</summary>
    public string Template { get; init; } = "";

    public string BosToken { get; init; } = "";

    public string EosToken { get; init; } = "";

    public string License { get; init; } = "";

    /// <summary>What its file says of itself, by the file's own keys: text, numbers and flags, without vocabularies.
    /// </summary>
    public IReadOnlyDictionary<string, object> Metadata { get; init; } = new Dictionary<string, object>();

    public required bool IsLoaded { get; init; }

    /// <summary>Memory that it takes while it is loaded, its cache included.</summary>
    public long LoadedBytes { get; init; }

    /// <summary>When it is unloaded if nobody uses it; null for never, or where it is not loaded.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
