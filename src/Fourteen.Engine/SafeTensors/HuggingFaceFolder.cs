using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// An open model folder as Hugging Face publishes it (<c>config.json</c> and safetensors files), in the vocabulary of
/// GGUF: the same keys and tensor names, the bytes where they are in the mapped files. Read-only, so any thread may
/// read it; whoever opened it disposes it, after the last use of any tensor.
/// </summary>
/// <remarks>
/// Keys beside GGUF's: <c>fourteen.rope_halves</c> (rows of q and k are not permuted), <c>fourteen.norm_offset</c>
/// (to be added to the weights of every norm), <c>fourteen.query_scale</c> (factor on q · k instead of 1 / √head size),
/// <c>fourteen.eos_token_ids</c>, <c>fourteen.sampling.*</c> and, for llama-3 scaling,
/// <c>rope.scaling.low_freq_factor</c> and <c>.high_freq_factor</c>. The type <c>longrope</c> is written, which a GGUF
/// file implies by its tensors <c>rope_factors_short</c> and <c>rope_factors_long</c>. Each expert has tensors of its
/// own, as in older GGUF files.
/// </remarks>
public sealed class HuggingFaceFolder : IDisposable
{
    private const int ConfigBytesMax = 4 << 20;

    private readonly List<IDisposable> _owned;

    private HuggingFaceFolder(GgufMetadata metadata, TensorDirectory tensors, List<IDisposable> owned)
    {
        _owned = owned;
        Metadata = metadata;
        Tensors = tensors;
    }

    public GgufMetadata Metadata { get; }

    public TensorDirectory Tensors { get; }

    /// <exception cref="ModelFileException">It is no model folder, or a model that cannot be read from one.</exception>
    public static HuggingFaceFolder Open(string folder)
    {
        if (!Directory.Exists(folder))
            throw new ModelFileException(folder, "", "there is no such folder", "check the path");
        JsonSettings config = JsonSettings.Find(folder, "config.json", ConfigBytesMax)
            ?? throw new ModelFileException(
                folder, "config.json", "a model folder must hold this file, but it is missing",
                "name a folder with config.json and safetensors files, or a .gguf file");
        HuggingFaceFamily family = HuggingFaceFamilies.Require(config);
        JsonSettings model = family.LanguageModel(config);
        Dictionary<string, object> values = new(StringComparer.Ordinal);
        LongRopeFactors? factors = HuggingFaceConfig.Read(family, config, model, values);
        values["general.name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        HuggingFaceGeneration.Read(folder, config, values);
        GgufMetadata metadata = new(config.Path, values);
        const string TiedKey = "tie_word_embeddings";
        bool tied = config.FindBool(TiedKey) ?? model.FindBool(TiedKey) ?? false;
        List<IDisposable> owned = [];
        bool opened = false;
        try
        {
            TensorDirectory tensors = HuggingFaceTensors.Open(folder, family, metadata, tied, factors, owned);
            opened = true;
            return new HuggingFaceFolder(metadata, tensors, owned);
        }
        finally
        {
            if (!opened)
                owned.ForEach(item => item.Dispose());
        }
    }

    public void Dispose() => _owned.ForEach(item => item.Dispose());
}
