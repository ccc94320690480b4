using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Formats;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>The files of a folder: one or several with an index, each of the types that are read.</summary>
public sealed class SafeTensorsShardsTests
{
    private const string IndexName = "model.safetensors.index.json";

    [Theory]
    [InlineData("F32", 4, GgmlType.F32)]
    [InlineData("F16", 2, GgmlType.F16)]
    [InlineData("BF16", 2, GgmlType.BF16)]
    public void Open_EveryFloatType_IsKeptAsItIs(string dtype, int elementBytes, GgmlType expected)
    {
        using ModelFolder folder = new("llama");
        folder.WriteConfig();
        folder.WriteBytes("model.safetensors", ModelFolder.Pack(folder.Tensors, dtype, elementBytes));
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);

        Assert.Equal(4, model.Tensors.All.Count);
        Assert.All(model.Tensors.All, tensor =>
        {
            Assert.Equal(expected, tensor.Type);
            Assert.Equal(tensor.Elements * elementBytes, tensor.Bytes);
        });
    }

    [Fact]
    public void Open_ShardedModel_FindsEveryTensor()
    {
        using ModelFolder folder = new("llama");
        JsonObject map = WriteShards(folder);
        WriteIndex(folder, map);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);

        Assert.Equal(
            ["token_embd.weight", "output_norm.weight", "output.weight", "blk.0.attn_q.weight"],
            model.Tensors.All.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Open_ShardThatIsMissing_IsNamed()
    {
        using ModelFolder folder = new("llama");
        WriteIndex(folder, WriteShards(folder));
        File.Delete(Path.Combine(folder.Path, "3.safetensors"));

        string message = Refusal(folder);
        Assert.Contains("3.safetensors", message, StringComparison.Ordinal);
        Assert.Contains("no such file", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorThatTheIndexPutsInAnotherShard_IsNamed()
    {
        using ModelFolder folder = new("llama");
        JsonObject map = WriteShards(folder);
        map["lm_head.weight"] = "1.safetensors";
        WriteIndex(folder, map);

        Assert.Contains(
            "lm_head.weight: 1.safetensors must hold this tensor", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorInTwoShards_IsNamed()
    {
        using ModelFolder folder = new("llama");
        WriteIndex(folder, WriteShards(folder));
        folder.WriteBytes("3.safetensors", ModelFolder.Pack(
            folder.Tensors.Where(tensor => tensor.Key is "lm_head.weight" or "model.norm.weight")));

        string message = Refusal(folder);
        Assert.Contains("3.safetensors: model.norm.weight", message, StringComparison.Ordinal);
        Assert.Contains("in 2.safetensors, but it is here too", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorThatTheIndexLacks_IsNamed()
    {
        using ModelFolder folder = new("llama");
        WriteIndex(folder, WriteShards(folder));
        folder.Add("model.layers.0.self_attn.k_proj.weight", 4, 8);
        folder.WriteBytes("1.safetensors", ModelFolder.Pack(folder.Tensors.Where(
            tensor => tensor.Key is "model.embed_tokens.weight" or "model.layers.0.self_attn.k_proj.weight")));

        string message = Refusal(folder);
        Assert.Contains("self_attn.k_proj.weight: this tensor is not in", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":\"../model.safetensors\"}}", "beside the index")]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":\"/etc/passwd\"}}", "beside the index")]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":\"..\\\\a.safetensors\"}}", "beside the index")]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":7}}", "beside the index")]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":\"b.safetensors\"}}", "no such file")]
    [InlineData("{\"weight_map\":{\"other.weight\":\"a.safetensors\"}}", "must hold this tensor")]
    [InlineData("{\"weight_map\":{\"a\":\"a.safetensors\",\"a\":\"a.safetensors\"}}", "JSON")]
    [InlineData("{}", "weight_map")]
    [InlineData("[]", "JSON object")]
    [InlineData("{\"weight_map\":{},\"weight_map\":{}}", "JSON")]
    [InlineData("{\"weight_map\":\"\\udc00\"}", "JSON")]
    public void Open_IndexThatIsWrong_SaysWhat(string index, string expected)
    {
        using ModelFolder folder = new("llama");
        folder.WriteConfig();
        folder.WriteBytes("a.safetensors", ModelFolder.Pack(folder.Tensors));
        folder.WriteText(IndexName, index);

        Assert.Contains(expected, Refusal(folder), StringComparison.Ordinal);
    }

    /// <summary>Writes the configuration and one file a tensor, 1.safetensors and so on; returns what is where.
    /// </summary>
    private static JsonObject WriteShards(ModelFolder folder)
    {
        folder.WriteConfig();
        JsonObject map = [];
        int number = 0;
        foreach (KeyValuePair<string, long[]> tensor in folder.Tensors)
        {
            string file = $"{++number}.safetensors";
            folder.WriteBytes(file, ModelFolder.Pack([tensor]));
            map[tensor.Key] = file;
        }

        return map;
    }

    private static void WriteIndex(ModelFolder folder, JsonObject map) =>
        folder.WriteText(IndexName, new JsonObject { ["weight_map"] = map }.ToJsonString());

    private static string Refusal(ModelFolder folder) =>
        Assert.Throws<ModelFileException>(() => HuggingFaceFolder.Open(folder.Path)).Message;
}
