using Fourteen.Engine.Gguf;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>The numbers that shape a model, read from its metadata and checked once.</summary>
public sealed record ModelConfig
{
    /// <summary>The row of <see cref="ModelTable"/> that the file names.</summary>
    public required Architecture Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Lanes of a head; not Hidden / Heads where the file says otherwise.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding: ids from 0.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int ContextLength { get; init; }

    public required float RmsEpsilon { get; init; }

    /// <summary>How positions become angles.</summary>
    public required RopeFrequencies Rope { get; init; }

    /// <summary>Which lanes turn together in this file.</summary>
    public required RopePairs RopePairs { get; init; }

    /// <summary>Key and value numbers of one token over all layers.</summary>
    public long KvElementsPerToken => 2L * Layers * KvHeads * HeadDim;

    /// <summary>
    /// The most of each count that is believed: far above any model, and low enough that no product of two overflows.
    /// </summary>
    private const long CountMax = 1 << 24;

    /// <summary>Reads the configuration; throws <see cref="ModelFileException"/> naming the key that does not fit.
    /// </summary>
    public static ModelConfig Read(ModelFile file)
    {
        GgufMetadata metadata = file.Metadata;
        Architecture architecture = ModelTable.Require(metadata);
        string prefix = architecture.Name;
        int hidden = Count(metadata, $"{prefix}.embedding_length", null);
        int heads = Count(metadata, $"{prefix}.attention.head_count", null);
        int kvHeads = Count(metadata, $"{prefix}.attention.head_count_kv", heads);
        int headDim = Count(metadata, $"{prefix}.attention.key_length", hidden / heads);
        int valueDim = Count(metadata, $"{prefix}.attention.value_length", headDim);
        int rotary = Count(metadata, $"{prefix}.rope.dimension_count", headDim);
        Require(metadata, $"{prefix}.attention.head_count_kv", heads % kvHeads == 0,
            $"must divide the {heads} query heads, found {kvHeads}");
        Require(metadata, $"{prefix}.attention.value_length", valueDim == headDim,
            $"must equal key_length {headDim}, found {valueDim}");
        Require(metadata, $"{prefix}.rope.dimension_count", rotary % 2 == 0 && rotary <= headDim,
            $"must be even and at most the {headDim} lanes of a head, found {rotary}");
        int context = Count(metadata, $"{prefix}.context_length", null);
        return new ModelConfig
        {
            Architecture = architecture,
            Layers = Count(metadata, $"{prefix}.block_count", null),
            Hidden = hidden,
            FeedForward = Count(metadata, $"{prefix}.feed_forward_length", null),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = VocabularyOf(file),
            ContextLength = context,
            RmsEpsilon = (float)metadata.RequireFloat($"{prefix}.attention.layer_norm_rms_epsilon"),
            Rope = RopeFrequencies.Read(file, prefix, rotary, context),
            RopePairs = metadata.FindBool("fourteen.rope_halves") == true ? RopePairs.Halves : architecture.RopePairs,
        };
    }

    private static int VocabularyOf(ModelFile file)
    {
        TensorEntry embedding = file.RequireTensor("token_embd.weight");
        if (embedding.Dimensions.Length != 2 || embedding.Dimensions[1] is < 1 or > CountMax)
        {
            throw new ModelFileException(
                file.Path, embedding.Name, $"must be a matrix [vocabulary, hidden], found {Shape(embedding)}");
        }

        return (int)embedding.Dimensions[1];
    }

    private static string Shape(TensorEntry tensor) => $"[{string.Join(", ", tensor.Dimensions.Reverse())}]";

    private static int Count(GgufMetadata metadata, string key, int? absent)
    {
        if (metadata.FindValue(key) is Array)
        {
            throw new ModelFileException(
                metadata.Path, key, "one value for all layers is supported, but the file has one for each");
        }

        long value = absent is { } known ? metadata.FindInteger(key) ?? known : metadata.RequireInteger(key);
        Require(metadata, key, value is >= 1 and <= CountMax, $"must be 1 … {CountMax}, found {value}");
        return (int)value;
    }

    private static void Require(GgufMetadata metadata, string key, bool holds, string rule)
    {
        if (!holds)
            throw new ModelFileException(metadata.Path, key, rule);
    }
}
