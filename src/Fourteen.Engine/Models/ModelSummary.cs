using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Sampling;
using Fourteen.Formats;

namespace Fourteen.Engine.Models;

/// <summary>Tensors of one class (attn_q, ffn_down …) and type.</summary>
public sealed record TensorClass(string Name, string Type, int Count, long Parameters, long Bytes);

/// <summary>
/// What a model file holds, said without loading its weights. Also for architectures that cannot be run, so that a file
/// explains itself; what could not be read is null, and <see cref="Problem"/> says why.
/// </summary>
public sealed record ModelSummary
{
    public required string Path { get; init; }
    public required string? Name { get; init; }
    public required string? Architecture { get; init; }
    public required string? Licence { get; init; }
    public required long Parameters { get; init; }

    /// <summary>Without the embedding and an output matrix of its own.</summary>
    public required long ParametersWithoutEmbeddings { get; init; }

    /// <summary>Parameters that one token is multiplied with.</summary>
    public required long ActiveParameters { get; init; }

    public required long WeightBytes { get; init; }
    public required IReadOnlyList<TensorClass> Classes { get; init; }
    public required ModelConfig? Config { get; init; }

    /// <summary>In what the model differs from the plain forward pass; none where the configuration is unknown.
    /// </summary>
    public required IReadOnlyList<ModelTrait> Traits { get; init; }

    public required ModelText? Text { get; init; }
    public required SamplingDefaults? Sampling { get; init; }

    /// <summary>Model and pre-tokenizer as the file names them.</summary>
    public required string? TokenizerKind { get; init; }

    /// <summary>Why the model cannot be run, or null.</summary>
    public required string? Problem { get; init; }

    /// <summary>Reads the summary of an open file.</summary>
    public static ModelSummary Read(ModelFile file)
    {
        string? problem = null;
        T? Try<T>(Func<T> read) where T : class
        {
            try
            {
                return read();
            }
            catch (Exception e) when (e is ModelFileException or TemplateException)
            {
                problem ??= e.Message;
                return null;
            }
        }

        ModelConfig? config = Try(() => ModelConfig.Read(file, new RopeOptions()));
        ModelText? text = Try(() => ModelText.Read(file));
        TensorClass[] classes = Classify(file.Tensors);
        long embedding = Sum(classes, "token_embd"), output = Sum(classes, "output");
        long all = classes.Sum(row => row.Parameters);
        long experts = classes
            .Where(row => row.Name.EndsWith("_exps", StringComparison.Ordinal)).Sum(row => row.Parameters);
        string? architecture = file.Metadata.FindString("general.architecture");
        long used = file.Metadata.FindInteger($"{architecture}.expert_used_count") ?? 1;
        long count = Math.Max(1, file.Metadata.FindInteger($"{architecture}.expert_count") ?? 1);
        return new ModelSummary
        {
            Path = file.Path,
            Name = file.Metadata.FindString("general.name"),
            Architecture = architecture,
            Licence = file.Metadata.FindString("general.license"),
            Parameters = all,
            ParametersWithoutEmbeddings = all - embedding - output,
            // A tied embedding is the output matrix; one of its own is only looked up.
            ActiveParameters = all - (output > 0 ? embedding : 0) - experts + (experts / count * used),
            WeightBytes = classes.Sum(row => row.Bytes),
            Classes = classes,
            Config = config,
            Traits = config is null ? [] : ModelTrait.Of(file, config),
            Text = text,
            Sampling = text is null ? null : SamplingDefaults.Of(file, text.Thinking.CanThink),
            TokenizerKind = TokenizerKindOf(file),
            Problem = problem,
        };
    }

    private static string? TokenizerKindOf(ModelFile file)
    {
        string? model = file.Metadata.FindString("tokenizer.ggml.model");
        string? pre = file.Metadata.FindString("tokenizer.ggml.pre");
        return model is null ? null : pre is null ? model : $"{model}, pre-tokenizer {pre}";
    }

    private static long Sum(TensorClass[] classes, string name) =>
        classes.Where(row => row.Name == name).Sum(row => row.Parameters);

    /// <summary>Tensors by name without layer number and ".weight", and by type, in the order of the file.</summary>
    private static TensorClass[] Classify(TensorDirectory tensors) =>
    [
        .. tensors.All
            .GroupBy(tensor => (Name: ClassOf(tensor.Name), tensor.Type))
            .Select(group => new TensorClass(
                group.Key.Name, GgmlTypeTraits.Of(group.Key.Type).Name, group.Count(),
                group.Sum(tensor => tensor.Elements), group.Sum(tensor => tensor.Bytes))),
    ];

    private static string ClassOf(string name)
    {
        string[] parts = name.Split('.');
        IEnumerable<string> kept = parts.Where(part => part is not ("blk" or "weight") && !part.All(char.IsAsciiDigit));
        return string.Join('.', kept);
    }
}
