namespace Fourteen.Engine.Models;

/// <summary>
/// The numbers that shape a known model, as its configuration states them: enough to list its tensors and to write the
/// metadata of a file of it.
/// </summary>
public sealed record ModelShape
{
    /// <summary>How users name it: family, version and size in lower case.</summary>
    public required string Name { get; init; }

    /// <summary>Value of <c>general.architecture</c>.</summary>
    public required string Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the feed-forward layer, or of one expert.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Lanes of a head; not Hidden / Heads in many models.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Whether the embedding is the output matrix too.</summary>
    public required bool Tied { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int Context { get; init; }

    /// <summary>θ of RoPE.</summary>
    public required double RopeBase { get; init; }

    public required double RmsEpsilon { get; init; }

    /// <summary>Experts of each layer; 0 where the feed-forward layer is dense.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token is sent to.</summary>
    public int ExpertsUsed { get; init; }

    /// <summary>Llama 3's divisor of low frequencies; 0 where the model has none.</summary>
    public double RopeFactor { get; init; }

    /// <summary>Whether each head of query and key has an RMS norm.</summary>
    public bool QueryKeyNorm => Architecture is "qwen3" or "qwen3moe";

    /// <summary>Query heads that share a key and value head.</summary>
    public int HeadsPerKv => Heads / KvHeads;
}

/// <summary>
/// Shapes of known models. Sources: the configurations that the models are published with; parameter counts are held
/// against the published ones by tests.
/// </summary>
public static class ModelCatalog
{
    private const int Qwen3Vocabulary = 151_936;
    private const int Llama3Vocabulary = 128_256;

    private static readonly ModelShape[] Rows =
    [
        Qwen3("qwen3-0.6b", layers: 28, hidden: 1024, feedForward: 3072, heads: 16, tied: true),
        Qwen3("qwen3-1.7b", layers: 28, hidden: 2048, feedForward: 6144, heads: 16, tied: true),
        Qwen3("qwen3-4b", layers: 36, hidden: 2560, feedForward: 9728, heads: 32, tied: true),
        Qwen3("qwen3-8b", layers: 36, hidden: 4096, feedForward: 12_288, heads: 32, tied: false),
        Qwen3("qwen3-14b", layers: 40, hidden: 5120, feedForward: 17_408, heads: 40, tied: false),
        Qwen3("qwen3-32b", layers: 64, hidden: 5120, feedForward: 25_600, heads: 64, tied: false),
        Qwen3Moe("qwen3-30b-a3b", layers: 48, hidden: 2048, feedForward: 768, heads: 32),
        Qwen3Moe("qwen3-235b-a22b", layers: 94, hidden: 4096, feedForward: 1536, heads: 64),
        Llama(
            "smollm2-135m", layers: 30, hidden: 576, feedForward: 1536, heads: 9, kvHeads: 3, vocabulary: 49_152,
            context: 8192, ropeBase: 1e5) with { Tied = true },
        Llama3("llama-3.2-1b", layers: 16, hidden: 2048, feedForward: 8192, heads: 32)
            with { Tied = true, RopeFactor = 32 },
        Llama3("llama-3.2-3b", layers: 28, hidden: 3072, feedForward: 8192, heads: 24)
            with { Tied = true, RopeFactor = 32 },
        Llama3("llama-3.1-8b", layers: 32, hidden: 4096, feedForward: 14_336, heads: 32),
        Llama3("llama-3.1-70b", layers: 80, hidden: 8192, feedForward: 28_672, heads: 64),
        Llama(
            "mistral-7b-v0.3", layers: 32, hidden: 4096, feedForward: 14_336, heads: 32, kvHeads: 8,
            vocabulary: 32_768, context: 32_768, ropeBase: 1e6),
        Llama(
            "mixtral-8x7b", layers: 32, hidden: 4096, feedForward: 14_336, heads: 32, kvHeads: 8, vocabulary: 32_000,
            context: 32_768, ropeBase: 1e6) with { Experts = 8, ExpertsUsed = 2 },
    ];

    /// <summary>Every shape, by family and size.</summary>
    public static IReadOnlyList<ModelShape> All => Rows;

    /// <summary>The shape of this name, in any case, or null.</summary>
    public static ModelShape? Find(string name) =>
        Array.Find(Rows, row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static ModelShape Qwen3(string name, int layers, int hidden, int feedForward, int heads, bool tied) => new()
    {
        Name = name,
        Architecture = "qwen3",
        Layers = layers,
        Hidden = hidden,
        FeedForward = feedForward,
        Heads = heads,
        KvHeads = 8,
        HeadDim = 128,
        Vocabulary = Qwen3Vocabulary,
        Tied = tied,
        Context = 40_960,
        RopeBase = 1e6,
        RmsEpsilon = 1e-6,
    };

    private static ModelShape Qwen3Moe(string name, int layers, int hidden, int feedForward, int heads) =>
        Qwen3(name, layers, hidden, feedForward, heads, tied: false) with
        {
            Architecture = "qwen3moe",
            KvHeads = 4,
            Experts = 128,
            ExpertsUsed = 8,
        };

    private static ModelShape Llama3(string name, int layers, int hidden, int feedForward, int heads) =>
        Llama(name, layers, hidden, feedForward, heads, kvHeads: 8, Llama3Vocabulary, context: 131_072, ropeBase: 5e5)
            with
        { RopeFactor = 8 };

    private static ModelShape Llama(
        string name, int layers, int hidden, int feedForward, int heads, int kvHeads, int vocabulary, int context,
        double ropeBase) => new()
        {
            Name = name,
            Architecture = "llama",
            Layers = layers,
            Hidden = hidden,
            FeedForward = feedForward,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = hidden / heads,
            Vocabulary = vocabulary,
            Tied = false,
            Context = context,
            RopeBase = ropeBase,
            RmsEpsilon = 1e-5,
        };
}
