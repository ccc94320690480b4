using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>Experts of a layer in two tensors, of two experts of width 6 and hidden size 8 in BF16.</summary>
public sealed class FusedExpertsTests
{
    private const string GateUp = "model.layers.0.mlp.experts.gate_up_proj";
    private const string Down = "model.layers.0.mlp.experts.down_proj";

    [Theory]
    [InlineData("qwen3_moe", "")]
    [InlineData("qwen3_moe", ".weight")]
    [InlineData("mixtral", "")]
    public void Open_FusedExperts_AreSlicesOfTheTensor(string type, string suffix)
    {
        using ModelFolder folder = Experts(type);
        folder.Add(GateUp + suffix, 2, 12, 8);
        folder.Add(Down + suffix, 2, 8, 6);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);
        Dictionary<string, TensorEntry> tensors = model.Tensors.All.ToDictionary(tensor => tensor.Name);

        // Bytes from one matrix to the next: 6 · 8 elements of two bytes.
        nint first = tensors["blk.0.ffn_gate.0.weight"].Address;
        Assert.Equal(first + 96, tensors["blk.0.ffn_up.0.weight"].Address);
        Assert.Equal(first + 192, tensors["blk.0.ffn_gate.1.weight"].Address);
        Assert.Equal(first + 288, tensors["blk.0.ffn_up.1.weight"].Address);
        Assert.Equal(
            tensors["blk.0.ffn_down.0.weight"].Address + 96, tensors["blk.0.ffn_down.1.weight"].Address);
        Assert.Equal([8L, 6L], tensors["blk.0.ffn_up.1.weight"].Dimensions);
        Assert.Equal([6L, 8L], tensors["blk.0.ffn_down.1.weight"].Dimensions);
        Assert.All(
            tensors.Values.Where(tensor => tensor.Name.Contains(".ffn_", StringComparison.Ordinal)),
            tensor => Assert.Equal(96, tensor.Bytes));
    }

    [Theory]
    [InlineData(GateUp, new long[] { 2, 8, 12 }, "gate_up_proj: the shape [experts, 2 · width, hidden] is wanted")]
    [InlineData(GateUp, new long[] { 3, 12, 8 }, "found [3, 12, 8]")]
    [InlineData(GateUp, new long[] { 24, 8 }, "found [24, 8]")]
    [InlineData(GateUp, new long[] { 2, 11, 8 }, "found [2, 11, 8]")]
    [InlineData(Down, new long[] { 2, 6, 8 }, "transposed form")]
    [InlineData(Down, new long[] { 2, 8, 6, 1 }, "found [2, 8, 6, 1]")]
    public void Open_FusedExpertsOfAnotherShape_SayWhichIsWanted(string name, long[] shape, string expected)
    {
        using ModelFolder folder = Experts("qwen3_moe");
        folder.Add(name, shape);

        string message = Assert.Throws<ModelFileException>(
            () => HuggingFaceFolder.Open(folder.Write().Path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ExpertsBothWays_AreRefused()
    {
        using ModelFolder folder = Experts("qwen3_moe");
        folder.Add("model.layers.0.mlp.experts.1.up_proj.weight", 6, 8);
        folder.Add(GateUp, 2, 12, 8);

        string message = Assert.Throws<ModelFileException>(
            () => HuggingFaceFolder.Open(folder.Write().Path)).Message;
        Assert.Contains("two tensors become blk.0.ffn_up.1.weight", message, StringComparison.Ordinal);
    }

    /// <summary>Mixtral's width of an expert is the model's intermediate size, Qwen's is apart.</summary>
    private static ModelFolder Experts(string type) => new ModelFolder(type).With(type == "mixtral"
        ? """{"num_local_experts": 2, "num_experts_per_tok": 1, "intermediate_size": 6}"""
        : """{"num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 6, "norm_topk_prob": true}""");
}
