using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Engine.SafeTensors;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>
/// What the families of models say in <c>config.json</c>, in the forms that no golden folder has. Source of the
/// defaults: the configuration classes of transformers.
/// </summary>
public sealed class HuggingFaceFamilyTests
{
    /// <summary>Some keys of a published 4B model's text_config, which states little more.</summary>
    private const string PublishedGemma3 = """
        {"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 1152},
         "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text",
         "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}}
        """;

    [Theory]
    [InlineData("language_model.model.", "", "language_model.lm_head.weight")]
    [InlineData("model.language_model.", "model.", "lm_head.weight")]
    public void Open_Gemma3WithVision_TakesTheLanguageModelAlone(string prefix, string otherPrefix, string head)
    {
        using ModelFolder folder = new("gemma3");
        folder.Config.Clear();
        folder.With("""{"model_type": "gemma3"}""").With(PublishedGemma3);
        folder.Tensors.Clear();
        folder.Add(prefix + "embed_tokens.weight", 10, 8);
        folder.Add(prefix + "layers.33.post_feedforward_layernorm.weight", 8);
        folder.Add(head, 10, 8);
        folder.Add(otherPrefix + "vision_tower.vision_model.embeddings.patch_embedding.bias", 8);
        folder.Add(otherPrefix + "multi_modal_projector.mm_input_projection_weight", 8, 8);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);
        GgufMetadata metadata = model.Metadata;

        Assert.Equal("gemma3", metadata.FindString("general.architecture"));
        Assert.Equal(
            ["token_embd.weight", "blk.33.post_ffw_norm.weight"], model.Tensors.All.Select(tensor => tensor.Name));
        Assert.Equal(8, metadata.FindInteger("gemma3.attention.head_count"));
        Assert.Equal(4, metadata.FindInteger("gemma3.attention.head_count_kv"));
        Assert.Equal(256, metadata.FindInteger("gemma3.attention.key_length"));
        Assert.Equal(131072, metadata.FindInteger("gemma3.context_length"));
        Assert.Equal(1e6, metadata.FindFloat("gemma3.rope.freq_base"));
        Assert.Equal(1e4, metadata.FindFloat("gemma3.rope.freq_base_swa"));
        Assert.Equal(8, metadata.FindFloat("gemma3.rope.scaling.factor"));
        Assert.Equal(1024, metadata.FindInteger("gemma3.attention.sliding_window"));
        Assert.Equal(1.0 / 16, metadata.FindFloat("fourteen.query_scale"));
        Assert.Equal(1, metadata.FindFloat("fourteen.norm_offset"));
    }

    [Fact]
    public void Open_Gemma3RopeByKindOfLayer_WritesTheSameKeysAsTheOlderForm()
    {
        using ModelFolder old = new ModelFolder("gemma3_text").With("""
            {"rope_theta": 1e6, "rope_local_base_freq": 5000, "rope_scaling": {"rope_type": "linear", "factor": 8}}
            """);
        using ModelFolder recent = new ModelFolder("gemma3_text").With("""
            {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8, "rope_theta": 1e6},
             "sliding_attention": {"rope_type": "default", "rope_theta": 5000}}}
            """);
        recent.Config.Remove("rope_theta");

        AssertSameKeys(old, recent);
    }

    [Theory]
    [InlineData("gemma2", "{}", 50, 30)]
    [InlineData("gemma2", """{"attn_logit_softcapping": null, "final_logit_softcapping": 20}""", 0, 20)]
    [InlineData("gemma3_text", "{}", 0, 0)]
    public void Open_SoftCaps_AreThoseOfTheFileOrTheFamily(string type, string keys, double attention, double logits)
    {
        using ModelFolder folder = new ModelFolder(type).With(keys);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);
        string prefix = model.Metadata.RequireString("general.architecture");

        Assert.Equal(attention, model.Metadata.FindFloat(prefix + ".attn_logit_softcapping"));
        Assert.Equal(logits, model.Metadata.FindFloat(prefix + ".final_logit_softcapping"));
    }

    [Theory]
    [InlineData("mistral", """{"sliding_window": null}""", null, "")]
    [InlineData("mistral", """{"max_position_embeddings": 5000}""", 4096L, "")] // The default of transformers.
    [InlineData("mistral", """{"sliding_window": 32}""", 32L, "")]
    [InlineData("mixtral", """{"sliding_window": 16}""", 16L, "")]
    [InlineData("phi3", """{"sliding_window": 63}""", 63L, "")]
    [InlineData("phi3", """{"sliding_window": 64}""", null, "")]
    [InlineData("llama", """{"sliding_window": 32}""", null, "")]
    [InlineData("qwen2", """{"sliding_window": 32, "max_window_layers": 1}""", null, "")]
    [InlineData("qwen2", """{"sliding_window": 32, "use_sliding_window": true, "max_window_layers": 1}""", 32L, "011")]
    [InlineData("qwen3", """{"sliding_window": 32, "use_sliding_window": true}""", null, "")]
    [InlineData("qwen3", """{"sliding_window": 32, "use_sliding_window": true, "layer_types": ["s", "f", "s"]}""", 32L,
        "101")]
    [InlineData("qwen3", """{"layer_types": ["f", "f", "f"]}""", null, "")]
    [InlineData("gemma2", """{"sliding_window": 32}""", 32L, "")]
    [InlineData("gemma2", """{"sliding_window": 32, "layer_types": ["f", "s", "f"]}""", 32L, "010")]
    [InlineData("gemma3_text", """{"sliding_window": 32, "sliding_window_pattern": 2}""", 32L, "101")]
    [InlineData("gemma3_text", "{}", 4096L, "")]
    [InlineData("qwen3_moe", """{"sliding_window": 32, "use_sliding_window": false}""", null, "")]
    public void Open_Window_IsWrittenWhereItHidesSomething(string type, string keys, long? window, string layers)
    {
        keys = keys.Replace("\"s\"", "\"sliding_attention\"", StringComparison.Ordinal)
            .Replace("\"f\"", "\"full_attention\"", StringComparison.Ordinal);
        using ModelFolder folder = new ModelFolder(type).With("""{"num_hidden_layers": 3}""").With(keys);
        if (type is "mixtral" or "qwen3_moe")
            folder.With("""{"num_experts": 2, "num_experts_per_tok": 1, "norm_topk_prob": true}""");
        using var model = ModelFile.Open(folder.Write().Path);
        string prefix = model.Metadata.RequireString("general.architecture");

        Assert.Equal(window, model.Metadata.FindInteger(prefix + ".attention.sliding_window"));
        bool[]? pattern = (bool[]?)model.Metadata.FindValue(prefix + ".attention.sliding_window_pattern");
        Assert.Equal(layers, Digits(pattern ?? []));
        if (pattern is not null)
            Assert.Equal(layers, Digits(ModelConfig.Read(model, new RopeOptions()).Windowed));
    }

    [Theory]
    [InlineData("llama", null, false)]
    [InlineData("mistral", null, false)]
    [InlineData("phi3", null, false)]
    [InlineData("qwen2", true, true)]
    [InlineData("gemma", null, true)]
    [InlineData("gemma2", null, true)]
    [InlineData("gemma3_text", null, true)]
    [InlineData("gemma2", false, false)]
    public void Open_Head_IsTiedAsTheFileOrTheFamilySays(string type, bool? said, bool isTied)
    {
        using ModelFolder folder = new(type);
        folder.Config.Remove("tie_word_embeddings");
        if (said is { } tied)
            folder.Config["tie_word_embeddings"] = tied;
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.Equal(!isTied, model.Tensors.TryFind("output.weight", out _));
    }

    [Theory]
    [InlineData("gemma", """{"hidden_act": "gelu"}""")]
    [InlineData("gemma", """{"hidden_activation": null, "hidden_act": "gelu_pytorch_tanh"}""")]
    [InlineData("gemma2", """{"hidden_activation": "gelu_pytorch_tanh", "hidden_act": "silu"}""")]
    [InlineData("llama", """{"hidden_act": "swish"}""")]
    [InlineData("phi3", "{}")]
    [InlineData("qwen2", """{"attention_bias": true}""")]
    public void Open_SwitchesAsTheFamilyComputes_AreAccepted(string type, string keys)
    {
        using ModelFolder folder = new ModelFolder(type).With(keys);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.True(model.Tensors.TryFind("token_embd.weight", out _));
    }

    [Theory]
    [InlineData("qwen3", "self_attn.q_norm", "attn_q_norm")]
    [InlineData("qwen3_moe", "mlp.gate", "ffn_gate_inp")]
    [InlineData("qwen3_moe", "mlp.experts.1.gate_proj", "ffn_gate.1")]
    [InlineData("qwen3_moe", "mlp.experts.0.up_proj", "ffn_up.0")]
    [InlineData("qwen3_moe", "mlp.experts.1.down_proj", "ffn_down.1")]
    [InlineData("mixtral", "block_sparse_moe.gate", "ffn_gate_inp")]
    [InlineData("mixtral", "mlp.gate", "ffn_gate_inp")]
    [InlineData("mixtral", "block_sparse_moe.experts.1.w1", "ffn_gate.1")]
    [InlineData("mixtral", "block_sparse_moe.experts.1.w2", "ffn_down.1")]
    [InlineData("mixtral", "block_sparse_moe.experts.1.w3", "ffn_up.1")]
    [InlineData("mixtral", "post_attention_layernorm", "ffn_norm")]
    [InlineData("phi3", "self_attn.qkv_proj", "attn_qkv")]
    [InlineData("phi3", "mlp.gate_up_proj", "ffn_up")]
    [InlineData("gemma", "post_attention_layernorm", "ffn_norm")]
    [InlineData("gemma2", "post_attention_layernorm", "post_attention_norm")]
    [InlineData("gemma2", "pre_feedforward_layernorm", "ffn_norm")]
    [InlineData("gemma2", "post_feedforward_layernorm", "post_ffw_norm")]
    [InlineData("gemma3_text", "self_attn.k_norm", "attn_k_norm")]
    public void Open_NameOfATensor_BecomesThatOfGguf(string type, string name, string expected)
    {
        using ModelFolder folder = new ModelFolder(type)
            .With("""{"num_experts": 2, "num_experts_per_tok": 1, "norm_topk_prob": true}""");
        folder.Add($"model.layers.0.{name}.weight", 8);
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.True(model.Tensors.TryFind($"blk.0.{expected}.weight", out _));
    }

    private static string Digits(IReadOnlyList<bool> layers) =>
        string.Concat(layers.Select(hasWindow => hasWindow ? '1' : '0'));

    private static void AssertSameKeys(ModelFolder old, ModelFolder recent)
    {
        using HuggingFaceFolder a = HuggingFaceFolder.Open(old.Write().Path);
        using HuggingFaceFolder b = HuggingFaceFolder.Open(recent.Write().Path);
        Assert.Equal(a.Metadata.Keys.Order(), b.Metadata.Keys.Order());
        foreach (string key in a.Metadata.Keys.Where(key => key != "general.name"))
            Assert.Equal(a.Metadata.FindValue(key), b.Metadata.FindValue(key));
    }
}
