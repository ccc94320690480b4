using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Engine.SafeTensors;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>Folders that must be refused, with a message that says what is wrong.</summary>
public sealed class HuggingFaceRefusalTests
{
    [Theory]
    [InlineData("model_type", "\"deepseek_v3\"", "model type deepseek_v3")]
    [InlineData("model_type", "null", "model_type")]
    [InlineData("hidden_size", "null", "hidden_size")]
    [InlineData("hidden_size", "\"8\"", "hidden_size: a whole number")]
    [InlineData("hidden_size", "8.5", "hidden_size: a whole number")]
    [InlineData("num_attention_heads", "0", "num_attention_heads")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act: the activation must be silu or swish, found gelu")]
    [InlineData("architectures", "[\"Qwen3ForSequenceClassification\"]", "ForCausalLM")]
    [InlineData("use_sliding_window", "1", "use_sliding_window: true or false")]
    [InlineData("layer_types", "[\"sliding_attention\"]", "layer_types")]
    [InlineData("quantization_config", "{\"quant_method\": \"awq\"}", "quantized by awq")]
    [InlineData("rope_scaling", "{\"rope_type\": \"dynamic\", \"factor\": 2}", "rope_type: the RoPE type dynamic")]
    [InlineData("rope_scaling", "{\"type\": \"su\", \"factor\": 2}", "RoPE type su")]
    [InlineData("rope_scaling", "{\"type\": \"yarn\"}", "rope_scaling.factor")]
    [InlineData("rope_scaling", "{\"type\": \"linear\", \"factor\": -1}", "rope_scaling.factor")]
    [InlineData("rope_scaling", "{\"type\": \"yarn\", \"factor\": 4, \"truncate\": false}", "truncate")]
    [InlineData("rope_scaling", "{\"type\": \"llama3\", \"factor\": 8}", "low_freq_factor")]
    [InlineData("rope_parameters", "{\"full_attention\": {\"rope_theta\": 1}}", "full_attention")]
    [InlineData("partial_rotary_factor", "0", "partial_rotary_factor")]
    public void Open_ConfigThatCannotBeUsed_NamesTheKey(string key, string value, string expected)
    {
        using ModelFolder folder = new("qwen3");
        folder.Config[key] = JsonNode.Parse(value);

        Assert.Contains(expected, Refusal(folder.Write()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3_moe", """{"mlp_only_layers": [0]}""", "mlp_only_layers: every layer", "found [0]")]
    [InlineData("qwen3_moe", """{"decoder_sparse_step": 2}""", "decoder_sparse_step: every layer", "found 2")]
    [InlineData("qwen3_moe", """{"norm_topk_prob": false}""", "norm_topk_prob: the weights", "found false")]
    [InlineData("qwen3_moe", """{"norm_topk_prob": null}""", "norm_topk_prob: the weights", "found false")]
    [InlineData("qwen3_moe", """{"num_experts": 5000}""", "num_experts: 1 to 4096", "found 5000")]
    [InlineData("qwen3_moe", """{"num_experts_per_tok": 3}""", "num_experts_per_tok: 1 to 2", "found 3")]
    [InlineData("qwen3_moe", """{"use_sliding_window": true}""", "use_sliding_window: sliding", "found true")]
    [InlineData("llama", """{"use_sliding_window": true}""", "use_sliding_window: sliding", "found true")]
    [InlineData("llama", """{"attention_bias": true}""", "attention_bias: biases in attention", "found true")]
    [InlineData("llama", """{"mlp_bias": true}""", "mlp_bias: biases in the feed-forward", "found true")]
    [InlineData("llama", """{"layer_types": ["sliding_attention"]}""", "layer_types: a layer with", "no window")]
    [InlineData("llama", """{"layer_types": ["linear_attention"]}""", "layer_types: a layer must", "linear_attention")]
    [InlineData("llama", """{"layer_types": []}""", "layer_types: an array", "each of the 1 layers")]
    [InlineData("mistral", """{"sliding_window": 0}""", "sliding_window: a width", "found 0")]
    [InlineData("qwen3", """{"layer_types": ["sliding_attention"]}""", "layer_types: a layer with", "no window")]
    [InlineData("qwen2", """{"use_sliding_window": true, "num_hidden_layers": 1000000000000}""",
        "num_hidden_layers: 1 to 65536", "found 1000000000000")]
    [InlineData("gemma2", """{"sliding_window": null}""", "sliding_window: a width", "found null")]
    [InlineData("gemma3_text", """{"sliding_window_pattern": 0}""", "sliding_window_pattern: 1 or more", "found 0")]
    [InlineData("gemma2", """{"query_pre_attn_scalar": 0}""", "query_pre_attn_scalar: a positive", "found 0")]
    [InlineData("gemma2", """{"final_logit_softcapping": -1}""", "final_logit_softcapping: a positive", "found -1")]
    [InlineData("gemma2", """{"hidden_activation": "gelu"}""", "hidden_activation: the activation", "found gelu")]
    [InlineData("gemma", """{"hidden_act": "silu"}""", "must be gelu_pytorch_tanh or gelu", "found silu")]
    [InlineData("gemma3_text", """{"use_bidirectional_attention": true}""", "use_bidirectional_attention", "true")]
    [InlineData("gemma3", "{}", "text_config", "missing")]
    [InlineData("gemma3_text", """{"rope_parameters": {"sliding_attention": {"rope_type": "yarn"}}}""",
        "sliding_attention.rope_type: the RoPE type yarn", "supported are default in layers with a window")]
    [InlineData("gemma3_text", """{"architectures": ["Gemma3ForConditionalGeneration"]}""", "architectures", "Causal")]
    [InlineData("phi3", """{"rope_scaling": {"type": "llama3", "factor": 8}}""", "RoPE type llama3", "longrope")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su"}}""", "short_factor: longrope scaling needs", "missing")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "short_factor": [1]}}""", "short_factor: an array of 2", "")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "short_factor": [1, 0]}}""", "short_factor: positive", "0")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "short_factor": [1, 1e99]}}""", "short_factor", "1e99")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "short_mscale": 1}}""", "long_mscale: it must equal", "1")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "factor": 7}}""", "rope_scaling.factor", "found 7")]
    [InlineData("phi3", """{"rope_scaling": {"type": "su", "attention_factor": 0}}""", "attention_factor", "found 0")]
    [InlineData("phi3", """{"original_max_position_embeddings": 1}""", "original_max_position_embeddings", "found 1")]
    public void Open_FamilyThatCannotDoIt_NamesKeyRuleAndFinding(string type, string keys, string rule, string found)
    {
        using ModelFolder folder = new ModelFolder(type)
            .With("""{"num_experts": 2, "num_experts_per_tok": 1, "norm_topk_prob": true}""").With(keys);
        string message = Refusal(folder.Write());

        Assert.Contains(rule, message, StringComparison.Ordinal);
        Assert.Contains(found, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.1.mlp.up_proj.weight", "layers.1.mlp.up_proj")]
    [InlineData("model.layers.0.mlp.experts.weight", "no tensor of this name")]
    [InlineData("model.layers.0.mlp.up_proj.qweight", "quantized")]
    [InlineData("model.layers.0.self_attn.q_norm.weight", "q_norm")]
    [InlineData("norm.weight", "two tensors become output_norm.weight")]
    [InlineData("vision_tower.weight", "vision_tower")]
    public void Open_TensorWithoutAPlace_NamesIt(string name, string expected)
    {
        using ModelFolder folder = new("llama");
        folder.Add(name, 8, 8);

        Assert.Contains(expected, Refusal(folder.Write()), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UntiedModelWithoutHead_SaysSo()
    {
        using ModelFolder folder = new("llama");
        folder.Tensors.Remove("lm_head.weight");

        Assert.Contains("lm_head.weight", Refusal(folder.Write()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}} ", 0, "truncated")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 9, "cover")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[2,8]}}", 8, "hole")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,6]}}", 6, "needs 8 bytes")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[8,0]}}", 8, "needs 8 bytes")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0]}}", 8, "data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4,-1],\"data_offsets\":[0,8]}}", 8, "shape")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "too large")]
    [InlineData("{\"a\":{\"dtype\":\"XY\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, "dtype XY")]
    [InlineData("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8],\"dtype\":\"F16\"}}", 8, "twice")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\"}}", 0, "twice")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}", 0, "JSON")]
    [InlineData("{\"a\":1}", 0, "object")]
    [InlineData("{\"a\"", 0, "JSON")]
    [InlineData("{\"a\\ud800\":1}", 0, "JSON")]
    [InlineData("{} {}", 0, "JSON")]
    [InlineData("{\"lm_head.weight\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "found I32")]
    [InlineData("{\"lm_head.weight\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "dimensions")]
    public void Open_HeaderThatIsWrong_SaysWhat(string header, int dataBytes, string expected)
    {
        using ModelFolder folder = new("llama");
        folder.WriteConfig();
        folder.WriteBytes("model.safetensors", ModelFolder.Pack(header, new byte[dataBytes]));

        Assert.Contains(expected, Refusal(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html></html>", "web page")]
    [InlineData("GGUF\u0003\0\0\0\0\0\0\0", "it is a GGUF file")]
    [InlineData("\u0020\0\0\0\0\0\0\0{\"a\"", "truncated")]
    public void Open_OtherContentAsWeights_SaysWhatItIs(string content, string expected)
    {
        using ModelFolder folder = new("llama");
        folder.WriteConfig();
        folder.WriteBytes("model.safetensors", Encoding.UTF8.GetBytes(content));

        Assert.Contains(expected, Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderWithoutItsFiles_SaysWhichAreMissing()
    {
        using ModelFolder folder = new("llama");

        Assert.Contains("config.json", Refusal(folder), StringComparison.Ordinal);
        folder.WriteConfig();
        Assert.Contains("model.safetensors", Refusal(folder), StringComparison.Ordinal);
        folder.WriteBytes("x.gguf", []);
        Assert.Contains("name the .gguf file", Refusal(folder), StringComparison.Ordinal);
        Assert.Contains("no such folder", Assert.Throws<ModelFileException>(
            () => HuggingFaceFolder.Open(folder.Path + "-x")).Message, StringComparison.Ordinal);
    }

    private static string Refusal(ModelFolder folder) =>
        Assert.Throws<ModelFileException>(() => HuggingFaceFolder.Open(folder.Path)).Message;
}
