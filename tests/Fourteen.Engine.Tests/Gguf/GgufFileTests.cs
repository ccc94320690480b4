using System.Text.Json;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

public sealed class GgufFileTests
{
    [Fact]
    public void Open_EveryModelAndVocabulary_Succeeds()
    {
        List<string> paths = [];
        foreach (string folder in (string[])[SharedFiles.Golden("models"), SharedFiles.Model("vocab")])
        {
            paths.AddRange(Directory.EnumerateFiles(folder, "*.gguf", SearchOption.AllDirectories));
            paths.AddRange(Directory.EnumerateFiles(folder, "*.gguf.gz", SearchOption.AllDirectories));
        }

        Assert.True(paths.Count >= 4, $"only {paths.Count} files were found");
        foreach (string path in paths)
        {
            using GgufFile file = GgufFile.Open(path);
            Assert.True(file.Metadata.Contains("general.architecture"), path);
            Assert.NotNull(file.Metadata.FindStrings("tokenizer.ggml.tokens"));
            Assert.All(file.Tensors.All, tensor => Assert.Equal(
                GgmlTypeTraits.Of(tensor.Type).RowBytes(tensor.Columns) * tensor.Rows, tensor.Bytes));
        }
    }

    [Fact]
    public void Open_GoldenModel_ReadsWhatItsConfigSays()
    {
        string text = File.ReadAllText(SharedFiles.Golden("models/qwen3/config.json"));
        using JsonDocument config = JsonDocument.Parse(text);
        using GgufFile file = GgufFile.Open(SharedFiles.Golden("models/qwen3/model.gguf"));
        JsonElement root = config.RootElement;

        Assert.Equal(3, file.Version);
        Assert.Equal("qwen3", file.Metadata.RequireString("general.architecture"));
        Assert.Equal(
            root.GetProperty("hidden_size").GetInt64(), file.Metadata.RequireInteger("qwen3.embedding_length"));
        Assert.Equal(
            root.GetProperty("rms_norm_eps").GetDouble(),
            file.Metadata.RequireFloat("qwen3.attention.layer_norm_rms_epsilon"), 1e-12);
        Assert.True(file.Tensors.TryFind("blk.1.attn_q.weight", out TensorEntry? tensor));
        Assert.Equal(GgmlType.F16, tensor.Type);
        Assert.Equal([256L, 512L], tensor.Dimensions);
        Assert.Equal(256 * 512 * 2, tensor.Bytes);
    }

    [Fact]
    public void Open_LargeVocabulary_HasAllTokensAndMerges()
    {
        using GgufFile file = GgufFile.Open(SharedFiles.Model("vocab/ggml-vocab-llama-bpe.gguf"));

        Assert.Equal(128_256, file.Metadata.FindStrings("tokenizer.ggml.tokens")?.Length);
        Assert.Equal(280_147, file.Metadata.FindStrings("tokenizer.ggml.merges")?.Length);
    }
}
