using Fourteen.Engine;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Reports;

namespace Fourteen.Server.Hosting;

/// <summary>What is told of a served model, loaded or not: read from its file once.</summary>
internal sealed class ModelCard
{
    /// <summary>Text of a metadata value that reports show; licences in full are longer.</summary>
    private const int TextMax = 4096;

    private readonly ModelStatus _status;

    private ModelCard(ModelStatus status, EmbeddingPooling pooling)
    {
        _status = status;
        Pooling = pooling;
    }

    /// <summary>How the model's file says that vectors of tokens become one; the mean where it does not.</summary>
    internal EmbeddingPooling Pooling { get; }

    /// <exception cref="ModelFileException">The file cannot be read.</exception>
    internal static ModelCard Read(string name, string path)
    {
        using ModelFile file = ModelFile.Open(path);
        ModelSummary summary = ModelSummary.Read(file);
        string family = summary.Architecture ?? "unknown";
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        var status = new ModelStatus
        {
            Name = name,
            Path = path,
            SizeBytes = info is FileInfo single ? single.Length : summary.WeightBytes,
            ModifiedAt = info.LastWriteTimeUtc,
            Format = info is FileInfo ? "gguf" : "safetensors",
            Family = family,
            ParameterCount = summary.Parameters,
            Quantization = summary.Classes.MaxBy(row => row.Parameters)?.Type ?? "unknown",
            ContextTrained = summary.Config?.ContextLength ?? 0,
            Context = summary.Config?.ContextLength ?? 0,
            EmbeddingLength = summary.Config?.Hidden ?? 0,
            VocabularySize = summary.Config?.Vocabulary,
            Capabilities = Capabilities(summary.Text),
            Template = summary.Text?.Template?.Source ?? "",
            BosToken = summary.Text?.BosText ?? "",
            EosToken = summary.Text?.EosText ?? "",
            License = summary.Licence ?? "",
            Metadata = Metadata(file.Metadata),
            IsLoaded = false,
        };
        return new ModelCard(status, PoolingOf(file.Metadata, family));
    }

    internal ModelStatus Status(LoadedModel? loaded, DateTimeOffset? expiresAt)
    {
        if (loaded is null)
            return _status;
        return _status with
        {
            IsLoaded = true,
            Context = loaded.Context,
            LoadedBytes = loaded.Weights.Bytes + loaded.CacheBytes,
            ExpiresAt = expiresAt,
        };
    }

    private static string[] Capabilities(ModelText? text) =>
    [
        "completion", "embedding",
        .. text?.Template is not null ? ["tools"] : (string[])[],
        .. text?.Thinking.CanThink == true ? ["thinking"] : (string[])[],
        .. text?.GapTokens is not null ? ["insert"] : (string[])[],
    ];

    private static Dictionary<string, object> Metadata(GgufMetadata metadata)
    {
        var shown = new Dictionary<string, object>();
        foreach (string key in metadata.Keys)
        {
            object? value = metadata.FindValue(key);
            if (value is long or double or bool || (value is string text && text.Length <= TextMax))
                shown[key] = value;
        }

        return shown;
    }

    /// <summary>llama.cpp's key: 0 none, 1 mean, 2 first token, 3 last token.</summary>
    private static EmbeddingPooling PoolingOf(GgufMetadata metadata, string family) =>
        metadata.FindInteger($"{family}.pooling_type") switch
        {
            2 => EmbeddingPooling.Cls,
            3 => EmbeddingPooling.Last,
            _ => EmbeddingPooling.Mean,
        };
}
