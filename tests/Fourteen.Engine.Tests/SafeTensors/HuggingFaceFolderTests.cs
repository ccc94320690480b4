using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

public sealed class HuggingFaceFolderTests
{
    private static readonly string[] ModelTypes = ["qwen3", "qwen2", "llama"];

    // Keys that come from the tokenizer's files or say how the GGUF file was made.
    private static readonly string[] OnlyInGguf =
    [
        "general.size_label", "general.file_type", "general.quantization_version", "tokenizer.ggml.model",
        "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.merges",
        "tokenizer.ggml.add_space_prefix",
    ];

    /// <summary>Source: golden/models/README.md, both files of a folder hold the same numbers.</summary>
    [Fact]
    public void Open_EveryGoldenFolder_SaysTheSameAsItsGguf()
    {
        int compared = 0;
        int opened = 0;
        foreach (string folder in GoldenFolders(ModelTypes.Contains))
        {
            using HuggingFaceFolder model = HuggingFaceFolder.Open(folder);
            opened++;
            Assert.True(model.Metadata.FindBool("fourteen.rope_halves"));
            if (!File.Exists(Path.Combine(folder, "model.gguf")))
                continue;
            compared++;
            using GgufFile gguf = GgufFile.Open(Path.Combine(folder, "model.gguf"));
            CompareKeys(folder, gguf.Metadata, model.Metadata);
            CompareTensors(folder, gguf, model);
        }

        Assert.True(opened >= 1, "no folder was opened");
        Assert.SkipWhen(compared == 0, "no folder has both files: it needs the folder 'shared' beside the repository");
    }

    [Fact]
    public void Open_FolderOfAnotherModelType_NamesIt()
    {
        string[] folders = [.. GoldenFolders(type => !ModelTypes.Contains(type))];
        Assert.SkipWhen(folders.Length == 0, "no such folder is here");
        foreach (string folder in folders)
        {
            string message = Assert.Throws<ModelFileException>(() => HuggingFaceFolder.Open(folder)).Message;
            Assert.Contains($"model type {ModelType(folder)} ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_ChatModel_ReadsEndTokensSamplingAndTemplate()
    {
        string folder = SharedFiles.Model("qwen3-tiny-chat");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "model.safetensors")), "the folder has only the GGUF file");
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder);
        GgufMetadata metadata = model.Metadata;

        Assert.Equal((long[])[744, 742], metadata.FindIntegers("fourteen.eos_token_ids"));
        Assert.Equal(744, metadata.FindInteger("tokenizer.ggml.eos_token_id"));
        Assert.Equal(742, metadata.FindInteger("tokenizer.ggml.padding_token_id"));
        Assert.Equal(0.6, metadata.FindFloat("fourteen.sampling.temperature"));
        Assert.Equal(20, metadata.FindInteger("fourteen.sampling.top_k"));
        Assert.Equal(0.95, metadata.FindFloat("fourteen.sampling.top_p"));
        Assert.StartsWith(
            "{%- if tools %}", metadata.RequireString("tokenizer.chat_template"), StringComparison.Ordinal);
        Assert.False(model.Tensors.TryFind("output.weight", out _));
        Assert.Equal("qwen3-tiny-chat", metadata.FindString("general.name"));
    }

    [Fact]
    public void Open_Yarn_WritesTheKeysOfTheConverter()
    {
        using ModelFolder folder = new("qwen3");
        folder.Config["rope_scaling"] = new JsonObject
        {
            ["type"] = "yarn",
            ["factor"] = 4,
            ["original_max_position_embeddings"] = 32,
            ["beta_fast"] = 16,
            ["attention_factor"] = 2.0,
        };
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);
        GgufMetadata metadata = model.Metadata;

        Assert.Equal("yarn", metadata.FindString("qwen3.rope.scaling.type"));
        Assert.Equal(4, metadata.FindFloat("qwen3.rope.scaling.factor"));
        Assert.Equal(32, metadata.FindInteger("qwen3.rope.scaling.original_context_length"));
        Assert.Equal(16, metadata.FindFloat("qwen3.rope.scaling.yarn_beta_fast"));
        // Source: qwen3.md, section 1.4: m = 1.138629436 for s = 4, and the key stands beside it.
        Assert.Equal(2 / 1.138629436, metadata.FindFloat("qwen3.rope.scaling.attn_factor").GetValueOrDefault(), 1e-7);
    }

    [Fact]
    public void Open_Llama3ScalingInEitherForm_WritesTheSameKeys()
    {
        JsonObject scaling = new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = 8.0,
            ["low_freq_factor"] = 1.0,
            ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = 8192,
        };
        using ModelFolder old = new("llama");
        old.Config["rope_theta"] = 500000.0;
        old.Config["rope_scaling"] = scaling.DeepClone();
        using ModelFolder recent = new("llama");
        recent.Config.Remove("rope_theta");
        scaling["rope_theta"] = 500000;
        recent.Config["rope_parameters"] = scaling;
        using HuggingFaceFolder a = HuggingFaceFolder.Open(old.Write().Path);
        using HuggingFaceFolder b = HuggingFaceFolder.Open(recent.Write().Path);

        Assert.Equal("llama3", a.Metadata.FindString("llama.rope.scaling.type"));
        Assert.Equal(4.0, a.Metadata.FindFloat("llama.rope.scaling.high_freq_factor"));
        foreach (string key in a.Metadata.Keys.Where(key => key != "general.name"))
            Assert.Equal(a.Metadata.FindValue(key), b.Metadata.FindValue(key));
    }

    [Fact]
    public void Open_TiedModelWithARedundantHead_DropsIt()
    {
        using ModelFolder folder = new("llama");
        folder.Config["tie_word_embeddings"] = true;
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.False(model.Tensors.TryFind("output.weight", out _));
        Assert.True(model.Tensors.TryFind("token_embd.weight", out TensorEntry? embedding));
        Assert.Equal([8L, 10L], embedding.Dimensions);
    }

    [Fact]
    public void Open_ShardedModel_FindsEveryTensor()
    {
        using ModelFolder folder = new("llama");
        folder.WriteConfig();
        JsonObject map = [];
        int number = 0;
        foreach (KeyValuePair<string, long[]> tensor in folder.Tensors)
        {
            string file = $"model-{++number:D5}-of-{folder.Tensors.Count:D5}.safetensors";
            folder.WriteBytes(file, ModelFolder.Pack([tensor]));
            map[tensor.Key] = file;
        }

        folder.WriteText("model.safetensors.index.json", new JsonObject { ["weight_map"] = map }.ToJsonString());
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);

        Assert.Equal(
            ["token_embd.weight", "output_norm.weight", "output.weight", "blk.0.attn_q.weight"],
            model.Tensors.All.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Open_TemplateFile_GoesBeforeTheConfig()
    {
        using ModelFolder folder = new("llama");
        folder.Write();
        folder.WriteText("tokenizer_config.json", """
            {"chat_template": [{"name": "default", "template": "A"}, {"name": "tool_use", "template": "B"}],
             "eos_token": {"content": "<e>"}, "bos_token": "<b>",
             "added_tokens_decoder": {"3": {"content": "<e>"}, "4": {"content": "<b>"}}}
            """);
        folder.WriteText("generation_config.json", """{"eos_token_id": [7, 3]}""");
        using HuggingFaceFolder first = HuggingFaceFolder.Open(folder.Path);
        folder.WriteText("chat_template.jinja", "C");
        using HuggingFaceFolder second = HuggingFaceFolder.Open(folder.Path);

        Assert.Equal("A", first.Metadata.FindString("tokenizer.chat_template"));
        Assert.Equal("B", first.Metadata.FindString("tokenizer.chat_template.tool_use"));
        Assert.Equal((string[])["tool_use"], first.Metadata.FindStrings("tokenizer.chat_templates"));
        Assert.Equal(3, first.Metadata.FindInteger("tokenizer.ggml.eos_token_id"));
        Assert.Equal(4, first.Metadata.FindInteger("tokenizer.ggml.bos_token_id"));
        Assert.Equal((long[])[7, 3], first.Metadata.FindIntegers("fourteen.eos_token_ids"));
        Assert.Equal("C", second.Metadata.FindString("tokenizer.chat_template"));
    }

    private static IEnumerable<string> GoldenFolders(Func<string, bool> wanted) =>
        Directory.EnumerateDirectories(SharedFiles.Golden("models")).Where(folder =>
            File.Exists(Path.Combine(folder, "model.safetensors")) && wanted(ModelType(folder)));

    private static string ModelType(string folder)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
        return config.RootElement.GetProperty("model_type").GetString() ?? "";
    }

    private static void CompareKeys(string folder, GgufMetadata expected, GgufMetadata found)
    {
        foreach (string key in expected.Keys.Except(OnlyInGguf))
        {
            Assert.True(found.Contains(key), $"{folder}: {key} is missing");
            Assert.True(Equals(expected.FindValue(key), found.FindValue(key)),
                $"{folder}: {key}: expected {expected.FindValue(key)}, found {found.FindValue(key)}");
        }
    }

    private static void CompareTensors(string folder, GgufFile gguf, HuggingFaceFolder model)
    {
        string architecture = gguf.Metadata.RequireString("general.architecture");
        // Converters leave the key out where it is hidden size / heads.
        long headDim = gguf.Metadata.FindInteger(architecture + ".attention.key_length")
            ?? gguf.Metadata.RequireInteger(architecture + ".embedding_length")
                / gguf.Metadata.RequireInteger(architecture + ".attention.head_count");
        List<TensorEntry> expected = [.. gguf.Tensors.All.Where(tensor => tensor.Name != "rope_freqs.weight")];
        Assert.Equal(
            expected.Select(tensor => tensor.Name).Order(), model.Tensors.All.Select(tensor => tensor.Name).Order());
        foreach (TensorEntry tensor in expected)
        {
            Assert.True(model.Tensors.TryFind(tensor.Name, out TensorEntry? found));
            Assert.Equal(tensor.Dimensions, found.Dimensions);
            bool permuted = architecture == "llama" && (tensor.Name.Contains("attn_q.", StringComparison.Ordinal)
                || tensor.Name.Contains("attn_k.", StringComparison.Ordinal));
            for (long row = 0; row < tensor.Rows; row++)
            {
                float[] values = Row(found, permuted ? SourceRow(row, headDim) : row);
                Assert.True(Row(tensor, row).AsSpan().SequenceEqual(values), $"{folder}: {tensor.Name}, row {row}");
            }
        }
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
