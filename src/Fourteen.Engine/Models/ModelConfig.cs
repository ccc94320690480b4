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

    /// <summary>Width of the feed-forward layer, or of one expert.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Experts of each layer; 0 where the feed-forward layer is dense.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts that a token is sent to.</summary>
    public required int ExpertsUsed { get; init; }

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
    public required RopePlan Rope { get; init; }

    /// <summary>How positions become angles in layers with a window, where that differs; else null.</summary>
    public required RopeFrequencies? WindowRope { get; init; }

    /// <summary>Which lanes turn together in this file.</summary>
    public required RopePairs RopePairs { get; init; }

    /// <summary>Positions that a layer with a window sees, its own among them; 0: there is no window.</summary>
    public required int Window { get; init; }

    /// <summary>Factor on the products of query and key.</summary>
    public required float QueryScale { get; init; }

    /// <summary>Attention's scores are c · tanh(score / c); 0: they are left as they are.</summary>
    public required float AttentionSoftCap { get; init; }

    /// <summary>As <see cref="AttentionSoftCap"/>, for logits.</summary>
    public required float LogitSoftCap { get; init; }

    /// <summary>Added to each norm's weight: folders of Gemma hold w − 1.</summary>
    public required float NormOffset { get; init; }

    /// <summary>Which layers have the window; as many as there are layers.</summary>
    public required IReadOnlyList<bool> Windowed { get; init; }

    /// <summary>Bytes of one token's keys and values over all layers, in half precision.</summary>
    public long KvBytesPerToken => 2L * Layers * KvHeads * HeadDim * sizeof(ushort);

    // The most of each count that is believed: far above any model, and low enough that heads · lanes is a width, that
    // widths of a file's matrices are 32-bit numbers, and that the groups of three matrices fit one job of the workers.
    private const int WidthMax = 1 << 22;
    private const int HeadsMax = 1024;
    private const int HeadDimMax = WidthMax / HeadsMax;
    private const int ContextMax = 1 << 24;

    /// <summary>
    /// Reads the configuration; throws <see cref="ModelFileException"/> naming the key that does not fit, and
    /// <see cref="RequestException"/> where <paramref name="rope"/> does not fit the file.
    /// </summary>
    public static ModelConfig Read(ModelFile file, RopeOptions rope)
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
        // Each layer has tensors of its own.
        int layers = Count(metadata, $"{prefix}.block_count", null, file.Tensors.All.Count);
        double epsilon = metadata.RequireFloat($"{prefix}.attention.layer_norm_rms_epsilon");
        Require(metadata, $"{prefix}.attention.layer_norm_rms_epsilon", epsilon is >= 0 and < 1,
            $"must be 0 or more and below 1, found {epsilon}");
        int vocabulary = VocabularyOf(file);
        (int experts, int used) = ReadExperts(metadata, architecture);
        int window = ReadWindow(metadata, architecture);
        bool[] windowed = window == 0 ? new bool[layers] : ReadWindowed(metadata, architecture, layers);
        return new ModelConfig
        {
            Architecture = architecture,
            Layers = layers,
            Hidden = hidden,
            FeedForward = ReadFeedForward(metadata, prefix, experts),
            Experts = experts,
            ExpertsUsed = used,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = vocabulary,
            ContextLength = context,
            RmsEpsilon = (float)epsilon,
            Rope = RopePlan.Read(file, architecture, rotary, context, rope),
            WindowRope = windowed.Contains(true) ? RopePlan.ReadForWindow(metadata, architecture, rotary) : null,
            Window = window,
            Windowed = windowed,
            QueryScale = QueryScaleOf(metadata, architecture, layers, headDim, (double)hidden / heads),
            AttentionSoftCap = SoftCap(
                metadata, $"{prefix}.attn_logit_softcapping", architecture.DefaultAttentionSoftCap),
            LogitSoftCap = SoftCap(
                metadata, $"{prefix}.final_logit_softcapping", architecture.DefaultLogitSoftCap),
            NormOffset = (float)(metadata.FindFloat("fourteen.norm_offset") ?? 0),
            RopePairs = metadata.FindBool("fourteen.rope_halves") == true ? RopePairs.Halves : architecture.RopePairs,
        };
    }

    private static (int Experts, int Used) ReadExperts(GgufMetadata metadata, Architecture architecture)
    {
        string countKey = $"{architecture.Name}.expert_count", usedKey = $"{architecture.Name}.expert_used_count";
        bool stated = metadata.FindValue(countKey) is not (null or 0L);
        switch (architecture.Experts)
        {
            case ExpertUse.Never when stated:
                throw new ModelFileException(
                    metadata.Path, countKey, $"{architecture.Name} models with experts are not supported");
            case ExpertUse.Never:
            case ExpertUse.WhereStated when !stated:
                return (0, 0);
        }

        int experts = Count(metadata, countKey, null, ExpertRouting.ExpertsMax);
        int used = Count(metadata, usedKey, null, Math.Min(experts, ExpertRouting.UsedMax));
        return (experts, used);
    }

    /// <summary>Qwen's models with experts name the width of one apart, Mixtral does not.</summary>
    private static int ReadFeedForward(GgufMetadata metadata, string prefix, int experts)
    {
        string own = $"{prefix}.expert_feed_forward_length";
        bool apart = experts > 0 && metadata.FindValue(own) is not null;
        return Count(metadata, apart ? own : $"{prefix}.feed_forward_length", null, WidthMax);
    }

    private static int ReadWindow(GgufMetadata metadata, Architecture architecture)
    {
        string key = $"{architecture.Name}.attention.sliding_window";
        long window = metadata.FindInteger(key) ?? architecture.DefaultWindow;
        Require(metadata, key, window >= 0, $"must be 0 (none) or more, found {window}");
        return (int)Math.Min(window, ContextMax);
    }

    /// <summary>
    /// Which layers have the window: those that the file lists as true, or all but each n-th.
    /// </summary>
    private static bool[] ReadWindowed(GgufMetadata metadata, Architecture architecture, int layers)
    {
        string key = $"{architecture.Name}.attention.sliding_window_pattern";
        int period = architecture.WindowPeriod;
        switch (metadata.FindValue(key))
        {
            case null:
                break;
            case bool[] list:
                Require(metadata, key, list.Length == layers,
                    $"must have one entry for each of the {layers} layers, found {list.Length}");
                return list;
            default:
                period = Count(metadata, key, null, ContextMax);
                break;
        }

        return [.. Enumerable.Range(1, layers).Select(layer => period == 0 || layer % period != 0)];
    }

    private static float QueryScaleOf(
        GgufMetadata metadata, Architecture architecture, int layers, int headDim, double hiddenPerHead)
    {
        const string Key = "fourteen.query_scale";
        double usual = 1 / Math.Sqrt(layers == architecture.LayersWithHiddenQueryScale ? hiddenPerHead : headDim);
        double scale = metadata.FindFloat(Key) ?? usual;
        Require(metadata, Key, scale > 0 && double.IsFinite(scale), $"must be a positive number, found {scale}");
        return (float)scale;
    }

    private static float SoftCap(GgufMetadata metadata, string key, double usual)
    {
        double cap = metadata.FindFloat(key) ?? usual;
        Require(metadata, key, cap >= 0 && double.IsFinite(cap), $"must be 0 (none) or more, found {cap}");
        return (float)cap;
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
