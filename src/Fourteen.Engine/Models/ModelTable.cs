using Fourteen.Engine.Gguf;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>What stands in the place of a layer's feed-forward block.</summary>
public enum ExpertUse
{
    /// <summary>Always one dense block.</summary>
    Never,

    /// <summary>Experts where the file counts some, else a dense block.</summary>
    WhereStated,

    /// <summary>Always experts.</summary>
    Always,
}

/// <summary>What makes an architecture differ from the others, as data for the one forward pass.</summary>
/// <param name="Name">Value of <c>general.architecture</c>, and prefix of its keys.</param>
/// <param name="RopePairs">Which lanes turn together in its GGUF files.</param>
public sealed record Architecture(string Name, RopePairs RopePairs)
{
    /// <summary>Whether each head of query and key is RMS-normalized before it is turned.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether query, key and value have a bias each.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>
    /// Whether query, key and value are one matrix (<c>attn_qkv</c>), and gate and up another (<c>ffn_up</c>).
    /// </summary>
    public bool FusedProjections { get; init; }

    /// <summary>Whether the results of attention and feed-forward are normalized before they return.</summary>
    public bool PostNorms { get; init; }

    /// <summary>Whether embeddings are multiplied by √hidden.</summary>
    public bool ScaledEmbedding { get; init; }

    /// <summary>The function on the gate.</summary>
    public GateActivation Activation { get; init; } = GateActivation.Silu;

    public ExpertUse Experts { get; init; } = ExpertUse.Never;

    /// <summary>
    /// In a model with a sliding window every n-th layer sees all positions and the others the window; 0: all layers
    /// have the window.
    /// </summary>
    public int WindowPeriod { get; init; }

    /// <summary>The sliding window of files that state none; 0: none.</summary>
    public int DefaultWindow { get; init; }

    /// <summary>Base of the angles in layers with a window, where it differs from the others'; 0: the same.</summary>
    public double WindowRopeBase { get; init; }

    /// <summary>Soft caps of attention's scores and of logits in files that state none; 0: none.</summary>
    public double DefaultAttentionSoftCap { get; init; }

    /// <inheritdoc cref="DefaultAttentionSoftCap"/>
    public double DefaultLogitSoftCap { get; init; }

    /// <summary>
    /// Number of layers of the one model size whose queries are scaled by 1 / √(hidden / heads) instead of
    /// 1 / √headDim; GGUF has no key for it. 0: none.
    /// </summary>
    public int LayersWithHiddenQueryScale { get; init; }

    /// <summary>
    /// A context length of files that counts room for an answer beside the native context, and what it then is: Qwen3's
    /// 40,960 are 32,768 and 8,192.
    /// </summary>
    public (int Stated, int Native)? PaddedContext { get; init; }

    /// <summary>The native context of a file that states only a context length.</summary>
    internal int NativeContextOf(int contextLength) =>
        PaddedContext is { } padded && padded.Stated == contextLength ? padded.Native : contextLength;
}

/// <summary>The architectures that can be run, one row each.</summary>
public static class ModelTable
{
    private static readonly Architecture[] Rows =
        [Qwen3.Row, Qwen3Moe.Row, Qwen2.Row, Llama.Row, Gemma.Row, Gemma2.Row, Gemma3.Row, Phi3.Row];

    public static IReadOnlyList<Architecture> All => Rows;

    /// <summary>The row of a name, or null.</summary>
    public static Architecture? Find(string name) => Array.Find(Rows, row => row.Name == name);

    /// <summary>The row that the metadata names; throws <see cref="ModelFileException"/> where there is none.</summary>
    public static Architecture Require(GgufMetadata metadata)
    {
        const string Key = "general.architecture";
        string name = metadata.RequireString(Key);
        return Find(name) ?? throw new ModelFileException(
            metadata.Path, Key,
            $"must be one of {string.Join(", ", Rows.Select(row => row.Name))}, "
            + $"found \"{GgufCursor.Printable(name)}\"");
    }
}
