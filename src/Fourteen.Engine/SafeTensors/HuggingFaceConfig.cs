using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// Turns <c>config.json</c> into the keys that llama.cpp's converter writes for the same model. What the keys cannot
/// say is refused, never left out.
/// </summary>
internal static class HuggingFaceConfig
{
    // model_type → general.architecture.
    private static readonly Dictionary<string, string> Architectures = new(StringComparer.Ordinal)
    {
        ["qwen3"] = "qwen3",
        ["qwen2"] = "qwen2",
        ["llama"] = "llama",
    };

    /// <summary>Fills <paramref name="values"/>.</summary>
    internal static void Read(JsonSettings config, Dictionary<string, object> values)
    {
        string modelType = config.FindString("model_type")
            ?? throw config.Refuse("model_type", "this key must be there, but it is missing");
        if (!Architectures.TryGetValue(modelType, out string? architecture))
        {
            throw config.Refuse(
                "model_type", $"the model type {GgufCursor.Printable(modelType)} cannot be read from a folder",
                $"use a GGUF file of this model, or one of: {string.Join(", ", Architectures.Keys)}");
        }

        CheckSupported(config);
        values["general.architecture"] = architecture;
        values["general.type"] = "model";
        string prefix = architecture + ".";
        long hidden = config.RequireInteger("hidden_size");
        long heads = config.RequireInteger("num_attention_heads");
        if (heads < 1 || hidden < 1)
            throw config.Refuse("num_attention_heads", $"hidden_size {hidden} and {heads} heads must be 1 or more");
        values[prefix + "block_count"] = config.RequireInteger("num_hidden_layers");
        values[prefix + "context_length"] = config.RequireInteger("max_position_embeddings");
        values[prefix + "embedding_length"] = hidden;
        values[prefix + "feed_forward_length"] = config.RequireInteger("intermediate_size");
        values[prefix + "attention.head_count"] = heads;
        values[prefix + "attention.head_count_kv"] = config.FindInteger("num_key_value_heads") ?? heads;
        long headDim = config.FindInteger("head_dim") ?? hidden / heads;
        values[prefix + "attention.key_length"] = headDim;
        values[prefix + "attention.value_length"] = headDim;
        values[prefix + "attention.layer_norm_rms_epsilon"] = Float(config.FindNumber("rms_norm_eps") ?? 1e-6);
        values[prefix + "vocab_size"] = config.RequireInteger("vocab_size");
        HuggingFaceRope.Read(config, prefix, headDim, values);
        // Rows of q and k are as transformers has them: a pair of RoPE is elements i and i + headDim / 2, also for
        // llama, whose GGUF files have the rows permuted.
        values["fourteen.rope_halves"] = true;
    }

    /// <summary>GGUF stores floats in 32 bits: the same value whatever the container.</summary>
    internal static double Float(double value) => (float)value;

    private static void CheckSupported(JsonSettings config)
    {
        if (config.FindElement("quantization_config") is not null)
        {
            string method = config.FindObject("quantization_config")?.FindString("quant_method") ?? "unknown";
            throw config.Refuse(
                "quantization_config", $"weights quantized by {GgufCursor.Printable(method)} are not read",
                "use the BF16 or F16 model, or a GGUF file");
        }

        if (config.FindElement("architectures") is { ValueKind: JsonValueKind.Array } names
            && names.GetArrayLength() > 0
            && !names.EnumerateArray().Any(IsCausal))
        {
            throw config.Refuse("architectures", "a language model (…ForCausalLM) is wanted, this is something else");
        }

        string activation = config.FindString("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw config.Refuse(
                "hidden_act", $"the activation must be silu, found {GgufCursor.Printable(activation)}");
        }

        if (config.FindBool("use_sliding_window") == true)
            throw config.Refuse("use_sliding_window", "sliding-window attention is not supported for this model type");
        if (config.FindElement("layer_types") is { ValueKind: JsonValueKind.Array } types
            && types.EnumerateArray().Any(type => Text(type) != "full_attention"))
        {
            throw config.Refuse("layer_types", "every layer must be full_attention for this model type");
        }
    }

    private static bool IsCausal(JsonElement name) =>
        Text(name)?.EndsWith("ForCausalLM", StringComparison.Ordinal) == true;

    private static string? Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}
