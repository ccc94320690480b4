using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>The longrope scaling of phi3 folders; golden/models/README.md states the factor.</summary>
public sealed class LongRopeFolderTests
{
    // A context of four times the original one: √(1 + ln 4 / ln 16) = √1.5.
    private const double FactorOfFour = 1.2247448713915890;

    [Theory]
    [InlineData("""{"type": "longrope"}""", FactorOfFour)]
    [InlineData("""{"type": "su"}""", FactorOfFour)]
    [InlineData("""{"rope_type": "yarn", "factor": 4}""", FactorOfFour)]
    [InlineData("""{"type": "longrope", "attention_factor": 1.5}""", 1.5)]
    [InlineData("""{"type": "longrope", "short_mscale": 1.25, "long_mscale": 1.25}""", 1.25)]
    public void Open_LongRope_WritesKeysAndFactors(string scaling, double factor)
    {
        using ModelFolder folder = new ModelFolder("phi3").With("""{"original_max_position_embeddings": 16}""");
        folder.With($$"""{"rope_scaling": {{scaling}}}""");
        folder.With($$"""{"rope_scaling": {{WithFactors(folder)}}}""");
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.Equal("longrope", model.Metadata.FindString("phi3.rope.scaling.type"));
        Assert.Equal(16, model.Metadata.FindInteger("phi3.rope.scaling.original_context_length"));
        Assert.Equal((float)factor, model.Metadata.FindFloat("phi3.rope.scaling.attn_factor"));
        Assert.Equal([1f, 1.5f], Values(model, "rope_factors_short.weight"));
        Assert.Equal([2f, 32.35f], Values(model, "rope_factors_long.weight"));
    }

    [Fact]
    public void Open_LongRopeInTheFormOfTransformers5_IsTheSame()
    {
        using ModelFolder folder = new ModelFolder("phi3").With("""
            {"rope_parameters": {"rope_type": "longrope", "rope_theta": 5000, "partial_rotary_factor": 0.5,
             "original_max_position_embeddings": 16, "short_factor": [3], "long_factor": [4]}}
            """);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.Equal(16, model.Metadata.FindInteger("phi3.rope.scaling.original_context_length"));
        Assert.Equal(5000, model.Metadata.FindFloat("phi3.rope.freq_base"));
        Assert.Equal(2, model.Metadata.FindInteger("phi3.rope.dimension_count"));
        Assert.Equal([3f], Values(model, "rope_factors_short.weight"));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(4096)]
    public void Open_ContextThatIsNotLonger_HasTheFactorOne(int original)
    {
        using ModelFolder folder = new ModelFolder("phi3").With(
            $$$"""{"original_max_position_embeddings": {{{original}}}, "rope_scaling": {"type": "longrope"}}""");
        folder.With($$"""{"rope_scaling": {{WithFactors(folder)}}}""");
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.Equal(1, model.Metadata.FindFloat("phi3.rope.scaling.attn_factor"));
    }

    private static string WithFactors(ModelFolder folder)
    {
        string scaling = folder.Config["rope_scaling"]!.ToJsonString(); // Set by the caller.
        return scaling[..^1] + """, "short_factor": [1, 1.5], "long_factor": [2, 32.35]}""";
    }

    private static float[] Values(HuggingFaceFolder model, string name)
    {
        Assert.True(model.Tensors.TryFind(name, out TensorEntry? tensor));
        Assert.Equal(GgmlType.F32, tensor.Type);
        Assert.Equal(tensor.Elements * sizeof(float), tensor.Bytes);
        float[] values = new float[Assert.Single(tensor.Dimensions)];
        Dequantizer.Row(tensor.Type, tensor.Address, values);
        return values;
    }
}
