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

    /// <summary>Bytes of one token's keys and values over all layers, in half precision.</summary>
    public long KvBytesPerToken => 2L * Layers * KvHeads * HeadDim * sizeof(ushort);

    // The most of each count that is believed: far above any model, and low enough that heads · lanes is a width, that
    // widths of a file's matrices are 32-bit numbers, and that the groups of three matrices fit one job of the workers.
    private const int WidthMax = 1 << 22;
    private const int HeadsMax = 1024;
    private const int HeadDimMax = WidthMax / HeadsMax;
    private const int ContextMax = 1 << 24;

    /// <summary>Reads the configuration; throws <see cref="ModelFileException"/> naming the key that does not fit.
    /// </summary>
    public static ModelConfig Read(ModelFile file)
    {
        GgufMetadata metadata = file.Metadata;
        Architecture architecture = ModelTable.Require(metadata);
        string prefix = architecture.Name;
        int hidden = Count(metadata, $"{prefix}.embedding_length", null, WidthMax);
        int heads = Count(metadata, $"{prefix}.attention.head_count", null, HeadsMax);
        int kvHeads = Count(metadata, $"{prefix}.attention.head_count_kv", heads, HeadsMax);
        int headDim = Count(metadata, $"{prefix}.attention.key_length", hidden / heads, HeadDimMax);
        int valueDim = Count(metadata, $"{prefix}.attention.value_length", headDim, HeadDimMax);
        int rotary = Count(metadata, $"{prefix}.rope.dimension_count", headDim, HeadDimMax);
        Require(metadata, $"{prefix}.attention.head_count_kv", heads % kvHeads == 0,
            $"must divide the {heads} query heads, found {kvHeads}");
        Require(metadata, $"{prefix}.attention.head_count_kv", heads / kvHeads <= Attention.QueriesMax,
            $"must be at least a {Attention.QueriesMax}th of the {heads} query heads, found {kvHeads}");
        Require(metadata, $"{prefix}.attention.value_length", valueDim == headDim,
            $"must equal key_length {headDim}, found {valueDim}");
        Require(metadata, $"{prefix}.rope.dimension_count", rotary % 2 == 0 && rotary <= headDim,
            $"must be even and at most the {headDim} lanes of a head, found {rotary}");
        int context = Count(metadata, $"{prefix}.context_length", null, ContextMax);
        double epsilon = metadata.RequireFloat($"{prefix}.attention.layer_norm_rms_epsilon");
        Require(metadata, $"{prefix}.attention.layer_norm_rms_epsilon", epsilon is >= 0 and < 1,
            $"must be 0 or more and below 1, found {epsilon}");
        int vocabulary = VocabularyOf(file);
        return new ModelConfig
        {
            Architecture = architecture,
            // Each layer has tensors of its own.
            Layers = Count(metadata, $"{prefix}.block_count", null, file.Tensors.All.Count),
            Hidden = hidden,
            FeedForward = Count(metadata, $"{prefix}.feed_forward_length", null, WidthMax),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = vocabulary,
            ContextLength = context,
            RmsEpsilon = (float)epsilon,
            Rope = RopeFrequencies.Read(file, prefix, rotary, context),
            RopePairs = metadata.FindBool("fourteen.rope_halves") == true ? RopePairs.Halves : architecture.RopePairs,
        };
    }

    private static int VocabularyOf(ModelFile file)
    {
        TensorEntry embedding = file.RequireTensor("token_embd.weight");
        if (embedding.Dimensions.Length != 2 || embedding.Dimensions[1] is < 1 or > WidthMax)
        {
            throw new ModelFileException(
                file.Path, embedding.Name, $"must be a matrix [vocabulary, hidden], found {Shape(embedding)}");
        }

        return (int)embedding.Dimensions[1];
    }

    private static string Shape(TensorEntry tensor) => $"[{string.Join(", ", tensor.Dimensions.Reverse())}]";

    private static int Count(GgufMetadata metadata, string key, int? absent, int most)
    {
        if (metadata.FindValue(key) is Array)
        {
            throw new ModelFileException(
                metadata.Path, key, "one value for all layers is supported, but the file has one for each");
        }

        long value = absent is { } known ? metadata.FindInteger(key) ?? known : metadata.RequireInteger(key);
        Require(metadata, key, value >= 1 && value <= most, $"must be 1 … {most}, found {value}");
        return (int)value;
    }

    private static void Require(GgufMetadata metadata, string key, bool holds, string rule)
    {
        if (!holds)
            throw new ModelFileException(metadata.Path, key, rule);
    }
}
