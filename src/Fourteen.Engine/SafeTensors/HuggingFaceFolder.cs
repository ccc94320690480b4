using System.Text.Json;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// An open model folder as Hugging Face publishes it (<c>config.json</c> and safetensors files), in the vocabulary of
/// GGUF: the same keys and tensor names, the bytes where they are in the mapped files. Beside GGUF's keys there are
/// <c>fourteen.rope_halves</c> (rows of q and k are not permuted), <c>fourteen.eos_token_ids</c>,
/// <c>fourteen.sampling.*</c> and, for llama-3 scaling, <c>rope.scaling.low_freq_factor</c> and
/// <c>.high_freq_factor</c>. Read-only, so any thread may read it; whoever opened it disposes it, after the last use of
/// any tensor.
/// </summary>
public sealed class HuggingFaceFolder : ITensorMemory
{
    private const int ConfigBytesMax = 4 << 20;

    /// <summary>An index has about 100 bytes for each tensor.</summary>
    private const int IndexBytesMax = 64 << 20;

    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly List<SafeTensorsFile> _files;

    private HuggingFaceFolder(GgufMetadata metadata, TensorDirectory tensors, List<SafeTensorsFile> files)
    {
        _files = files;
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
        Dictionary<string, object> values = new(StringComparer.Ordinal);
        HuggingFaceConfig.Read(config, values);
        values["general.name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        HuggingFaceGeneration.Read(folder, config, values);
        GgufMetadata metadata = new(config.Path, values);
        List<SafeTensorsFile> files = [];
        bool opened = false;
        try
        {
            TensorDirectory tensors = OpenTensors(folder, config, metadata, files);
            opened = true;
            return new HuggingFaceFolder(metadata, tensors, files);
        }
        finally
        {
            if (!opened)
                files.ForEach(file => file.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Release(TensorEntry tensor) => _files.Exists(file => file.TryRelease(tensor));

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static TensorDirectory OpenTensors(
        string folder, JsonSettings config, GgufMetadata metadata, List<SafeTensorsFile> files)
    {
        string architecture = metadata.RequireString("general.architecture");
        HuggingFaceNames names = new(architecture, metadata.RequireInteger(architecture + ".block_count"));
        Dictionary<string, TensorEntry> entries = new(StringComparer.Ordinal);
        foreach ((SafeTensorsFile file, SafeTensor tensor) in OpenFiles(folder, files))
        {
            if (HuggingFaceNames.IsBuffer(tensor.Name))
                continue;
            TensorEntry entry = ToEntry(file, tensor, names.ToGguf(file.Path, tensor.Name));
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw new ModelFileException(
                    file.Path, GgufCursor.Printable(tensor.Name), $"two tensors become {entry.Name}");
            }
        }

        // Both architectures take this as false where it is not said.
        bool tied = config.FindBool("tie_word_embeddings") ?? false;
        if (tied)
        {
            entries.Remove("output.weight");
        }
        else if (!entries.ContainsKey("output.weight"))
        {
            throw new ModelFileException(
                folder, "lm_head.weight", "this tensor must be there, since tie_word_embeddings is not true",
                "check that the files are complete");
        }

        return new TensorDirectory([.. entries.Values]);
    }

    private static TensorEntry ToEntry(SafeTensorsFile file, SafeTensor tensor, string name)
    {
        GgmlType type = tensor.Dtype switch
        {
            "F32" => GgmlType.F32,
            "F16" => GgmlType.F16,
            "BF16" => GgmlType.BF16,
            _ => throw new ModelFileException(
                file.Path, GgufCursor.Printable(tensor.Name),
                $"the dtype must be F32, F16 or BF16, found {tensor.Dtype}",
                "use the BF16 or F16 model, or a GGUF file"),
        };
        if (tensor.Shape.Length is 0 or > 4 || tensor.Shape.Contains(0))
        {
            throw new ModelFileException(
                file.Path, GgufCursor.Printable(tensor.Name),
                $"one to four dimensions of 1 or more are wanted, found [{string.Join(", ", tensor.Shape)}]");
        }

        long[] dimensions = [.. tensor.Shape.Reverse()];
        return new TensorEntry(name, type, dimensions, file.Address(tensor), tensor.End - tensor.Begin);
    }

    /// <summary>Opens the file or files; of a model in several files the index says which holds what.</summary>
    private static IEnumerable<(SafeTensorsFile File, SafeTensor Tensor)> OpenFiles(
        string folder, List<SafeTensorsFile> files)
    {
        if (File.Exists(Path.Combine(folder, SingleName)))
        {
            files.Add(SafeTensorsFile.Open(Path.Combine(folder, SingleName)));
            return files[0].Tensors.Select(tensor => (files[0], tensor));
        }

        JsonSettings? index = JsonSettings.Find(folder, IndexName, IndexBytesMax);
        if (index is not null)
            return OpenIndexed(folder, index, files);
        bool hasGguf = Directory.EnumerateFiles(folder, "*.gguf").Any();
        throw new ModelFileException(
            folder, SingleName, $"neither this file nor {IndexName} is in the folder",
            hasGguf ? "name the .gguf file in it instead" : "download the model's safetensors files");
    }

    private static List<(SafeTensorsFile File, SafeTensor Tensor)> OpenIndexed(
        string folder, JsonSettings index, List<SafeTensorsFile> files)
    {
        JsonSettings map = index.FindObject("weight_map")
            ?? throw index.Refuse("weight_map", "this key must be there, but it is missing");
        List<(SafeTensorsFile, SafeTensor)> found = [];
        Dictionary<string, Dictionary<string, SafeTensor>> byFile = new(StringComparer.Ordinal);
        Dictionary<string, SafeTensorsFile> opened = new(StringComparer.Ordinal);
        foreach (JsonProperty property in map.Properties)
        {
            string name = property.Name;
            string fileName = FileName(map, property);
            if (!opened.TryGetValue(fileName, out SafeTensorsFile? file))
            {
                file = SafeTensorsFile.Open(Path.Combine(folder, fileName));
                files.Add(file);
                opened.Add(fileName, file);
                byFile.Add(fileName, file.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal));
            }

            if (!byFile[fileName].TryGetValue(name, out SafeTensor? tensor))
                throw map.Refuse(name, $"{fileName} must hold this tensor, but it does not", "download it again");
            found.Add((file, tensor));
        }

        return found;
    }

    /// <summary>A plain file name: an index must not reach outside its folder.</summary>
    private static string FileName(JsonSettings map, JsonProperty tensor)
    {
        string name = tensor.Value.ValueKind == JsonValueKind.String ? tensor.Value.GetString() ?? "" : "";
        if (name.Length == 0 || name.AsSpan().ContainsAny('/', '\\', ':') || name.Any(char.IsControl)
            || !name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            throw map.Refuse(
                tensor.Name, $"a safetensors file beside the index is wanted here, found {GgufCursor.Printable(name)}");
        }

        return name;
    }
}
