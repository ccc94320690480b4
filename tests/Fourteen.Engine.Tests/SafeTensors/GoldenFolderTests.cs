using System.Text.Json;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>
/// Every folder of golden/models that holds safetensors: where the GGUF file that llama.cpp's converter wrote of it is
/// there too, both say the same. Source: golden/models/README.md, both files of a folder hold the same numbers.
/// </summary>
public sealed class GoldenFolderTests
{
    // model_type of folders that cannot be read yet.
    private static readonly string[] Others = ["falcon", "bitnet"];

    // Keys that come from the tokenizer's files or the folder's name, or say how the GGUF file was made.
    private static readonly string[] OnlyInGguf =
    [
        "general.basename", "general.size_label", "general.file_type", "general.quantization_version",
        "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
        "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.add_space_prefix",
        "tokenizer.ggml.eot_token_id",
    ];

    public static TheoryData<string> Folders() => FoldersWith("model.safetensors");

    public static TheoryData<string> FoldersWithBoth()
    {
        TheoryData<string> both = FoldersWith("model.safetensors", "model.gguf");
        // Without the folder 'shared' there is none: an empty name makes the test say so.
        return both.Count > 0 ? both : [""];
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Open_Folder_OpensOrNamesItsModelType(string name)
    {
        string folder = SharedFiles.Golden($"models/{name}");
        string type = ModelType(folder);
        if (Others.Contains(type))
        {
            string message = Assert.Throws<ModelFileException>(() => HuggingFaceFolder.Open(folder)).Message;
            Assert.Contains($"model type {type} ", message, StringComparison.Ordinal);
        }
        else
        {
            using HuggingFaceFolder model = HuggingFaceFolder.Open(folder);
            Assert.True(model.Metadata.FindBool("fourteen.rope_halves"));
            Assert.True(model.Tensors.TryFind("token_embd.weight", out _));
        }
    }

    [Theory]
    [MemberData(nameof(FoldersWithBoth))]
    public void Open_Folder_SaysTheSameAsItsGguf(string name)
    {
        Assert.SkipWhen(name.Length == 0, "no folder has both files: it needs the folder 'shared'");
        string folder = SharedFiles.Golden($"models/{name}");
        Assert.SkipWhen(Others.Contains(ModelType(folder)), $"{name} cannot be read from a folder");
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder);
        using GgufFile gguf = GgufFile.Open(Path.Combine(folder, "model.gguf"));
        CompareKeys(gguf.Metadata, model.Metadata);
        CompareTensors(gguf, model);
    }

    private static TheoryData<string> FoldersWith(params string[] files)
    {
        string? root = SharedFiles.FindGolden("models");
        string[] folders = root is null ? [] : Directory.GetDirectories(root);
        return [.. folders.Where(folder => files.All(file => File.Exists(Path.Combine(folder, file))))
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
    }

    private static string ModelType(string folder)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
        return config.RootElement.GetProperty("model_type").GetString() ?? "";
    }

    private static void CompareKeys(GgufMetadata expected, GgufMetadata found)
    {
        string architecture = expected.RequireString("general.architecture");
        foreach (string key in expected.Keys.Except(OnlyInGguf))
        {
            if (key == architecture + ".attention.sliding_window")
            {
                Assert.Equal(Window(expected, key, architecture), Window(found, key, architecture));
                continue;
            }

            Assert.True(found.Contains(key), $"{key} is missing");
            Assert.True(Equals(expected.FindValue(key), found.FindValue(key)),
                $"{key}: expected {expected.FindValue(key)}, found {found.FindValue(key)}");
        }
    }

    /// <summary>The converter writes 0 for no window, and also windows that are wider than the context.</summary>
    private static long? Window(GgufMetadata metadata, string key, string architecture) =>
        metadata.FindInteger(key) is { } window && window > 0
            && window < metadata.RequireInteger(architecture + ".context_length") ? window : null;

    private static void CompareTensors(GgufFile gguf, HuggingFaceFolder model)
    {
        string architecture = gguf.Metadata.RequireString("general.architecture");
        // Converters leave the key out where it is hidden size / heads.
        long headDim = gguf.Metadata.FindInteger(architecture + ".attention.key_length")
            ?? gguf.Metadata.RequireInteger(architecture + ".embedding_length")
                / gguf.Metadata.RequireInteger(architecture + ".attention.head_count");
        float offset = (float)(model.Metadata.FindFloat("fourteen.norm_offset") ?? 0);
        List<TensorEntry> expected = [.. gguf.Tensors.All.Where(tensor => tensor.Name != "rope_freqs.weight")
            .SelectMany(Unstacked)];
        Assert.Equal(
            expected.Select(tensor => tensor.Name).Order(), model.Tensors.All.Select(tensor => tensor.Name).Order());
        foreach (TensorEntry tensor in expected)
        {
            Assert.True(model.Tensors.TryFind(tensor.Name, out TensorEntry? found));
            Assert.Equal(tensor.Dimensions, found.Dimensions);
            bool permuted = architecture == "llama" && (tensor.Name.Contains("attn_q.", StringComparison.Ordinal)
                || tensor.Name.Contains("attn_k.", StringComparison.Ordinal));
            float added = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? offset : 0;
            for (long row = 0; row < tensor.Rows; row++)
            {
                float[] values = Row(found, permuted ? SourceRow(row, headDim) : row);
                float[] wanted = Array.ConvertAll(values, value => value + added);
                Assert.True(Row(tensor, row).AsSpan().SequenceEqual(wanted), $"{tensor.Name}, row {row}");
            }
        }
    }

    /// <summary>Newer GGUF files hold a layer's experts in one tensor, folders one by one.</summary>
    private static IEnumerable<TensorEntry> Unstacked(TensorEntry tensor)
    {
        const string Stacked = "_exps.weight";
        if (!tensor.Name.EndsWith(Stacked, StringComparison.Ordinal))
            return [tensor];
        long experts = tensor.Dimensions[2];
        long bytes = tensor.Bytes / experts;
        return Enumerable.Range(0, (int)experts).Select(expert => new TensorEntry(
            $"{tensor.Name[..^Stacked.Length]}.{expert}.weight", tensor.Type, tensor.Dimensions[..2],
            tensor.Address + (nint)(expert * bytes), bytes));
    }

    /// <summary>The row of the folder that llama.cpp's permutation moves to <paramref name="row"/> (qwen3.md, 3.3).
    /// </summary>
    private static long SourceRow(long row, long headDim) =>
        row / headDim * headDim + row % headDim / 2 + row % 2 * (headDim / 2);

    private static float[] Row(TensorEntry tensor, long row)
    {
        float[] values = new float[tensor.Columns];
        long rowBytes = GgmlTypeTraits.Of(tensor.Type).RowBytes(tensor.Columns);
        Dequantizer.Row(tensor.Type, tensor.Address + (nint)(row * rowBytes), values);
        return values;
    }
}
