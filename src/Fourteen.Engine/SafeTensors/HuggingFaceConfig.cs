using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// Turns <c>config.json</c> into the keys that llama.cpp's converter writes for the same model, and a few of our own
/// (<see cref="HuggingFaceFolder"/> names them). What no key can say is refused, never left out.
/// </summary>
internal static class HuggingFaceConfig
{
    /// <summary>Fills <paramref name="values"/>.</summary>
    /// <param name="config">The whole file.</param>
    /// <param name="model">The part of it that describes the language model.</param>
    /// <returns>The factors of a longrope scaling, or null.</returns>
    internal static LongRopeFactors? Read(
        HuggingFaceFamily family, JsonSettings config, JsonSettings model, Dictionary<string, object> values)
    {
        CheckSupported(config);
        CheckSupported(model);
        CheckActivation(family, model);
        values["general.architecture"] = family.Architecture;
        values["general.type"] = "model";
        string prefix = family.Architecture + ".";
        long headDim = ReadShape(model, prefix, values);
        LongRopeFactors? factors = HuggingFaceRope.Read(family, model, prefix, headDim, values);
        HuggingFaceWindow.Read(family, model, prefix, values);
        if (family.Experts)
            HuggingFaceExperts.Read(model, prefix, values);
        foreach (string key in (string[])["attn_logit_softcapping", "final_logit_softcapping"])
        {
            if (model.FindNumber(key) is { } cap)
                values[prefix + key] = Float(cap > 0 ? cap : throw model.Refuse(key, NotPositive(cap)));
        }

        if (family.QueryScale)
            values["fourteen.query_scale"] = QueryScale(model);
        if (family.NormOffset != 0)
            values["fourteen.norm_offset"] = family.NormOffset;
        // Rows of q and k are as transformers has them: a pair of RoPE is elements i and i + headDim / 2, also for
        // llama, whose GGUF files have the rows permuted.
        values["fourteen.rope_halves"] = true;
        return factors;
    }

    /// <summary>GGUF stores floats in 32 bits: the same value whatever the container.</summary>
    internal static double Float(double value) => (float)value;

    internal static string NotPositive(double found) => $"a positive number is wanted here, found {found}";

    /// <summary>Writes the sizes and returns the lanes of a head.</summary>
    private static long ReadShape(JsonSettings model, string prefix, Dictionary<string, object> values)
    {
        long hidden = model.RequireInteger("hidden_size");
        long heads = model.RequireInteger("num_attention_heads");
        if (heads < 1 || hidden < 1)
            throw model.Refuse("num_attention_heads", $"hidden_size {hidden} and {heads} heads must be 1 or more");
        values[prefix + "block_count"] = model.RequireInteger("num_hidden_layers");
        values[prefix + "context_length"] = model.RequireInteger("max_position_embeddings");
        values[prefix + "embedding_length"] = hidden;
        values[prefix + "feed_forward_length"] = model.RequireInteger("intermediate_size");
        values[prefix + "attention.head_count"] = heads;
        values[prefix + "attention.head_count_kv"] = model.FindInteger("num_key_value_heads") ?? heads;
        long headDim = model.FindInteger("head_dim") ?? hidden / heads;
        values[prefix + "attention.key_length"] = headDim;
        values[prefix + "attention.value_length"] = headDim;
        values[prefix + "attention.layer_norm_rms_epsilon"] = Float(model.FindNumber("rms_norm_eps") ?? 1e-6);
        values[prefix + "vocab_size"] = model.RequireInteger("vocab_size");
        return headDim;
    }

    private static double QueryScale(JsonSettings model)
    {
        const string Key = "query_pre_attn_scalar";
        double scalar = model.FindNumber(Key) ?? throw model.Refuse(Key, "a number is wanted here, found null");
        return scalar > 0 ? Float(1 / Math.Sqrt(scalar)) : throw model.Refuse(Key, NotPositive(scalar));
    }

    private static void CheckActivation(HuggingFaceFamily family, JsonSettings model)
    {
        string? key = Array.Find(family.ActivationKeys, model.Contains);
        if (key is not null && model.FindString(key) is { } found && !family.Activations.Contains(found))
        {
            throw model.Refuse(
                key, $"the activation must be {family.Activations[0]}, found {GgufCursor.Printable(found)}");
        }
    }

    private static void CheckSupported(JsonSettings config)
    {
        if (config.Contains("quantization_config"))
        {
            string method = config.FindObject("quantization_config")?.FindString("quant_method") ?? "unknown";
            throw config.Refuse(
                "quantization_config", $"weights quantized by {GgufCursor.Printable(method)} are not read",
                "use the BF16 or F16 model, or a GGUF file");
        }

        if (config.FindElement("architectures") is { ValueKind: JsonValueKind.Array } names
            && names.GetArrayLength() > 0
            && !names.EnumerateArray().Any(IsGenerative))
        {
            throw config.Refuse("architectures", "a language model (…ForCausalLM) is wanted, this is something else");
        }

        foreach ((string key, string what) in ((string, string)[])
            [
                ("attention_bias", "biases of query, key, value and output"),
                ("mlp_bias", "biases of the feed-forward layer"),
                ("use_bidirectional_attention", "attention to later positions"),
            ])
        {
            if (config.FindElement(key) is { } found && found.ValueKind != JsonValueKind.False)
            {
                throw config.Refuse(
                    key, $"{what}: this must be false for this model type, found "
                    + GgufCursor.Printable(found.GetRawText()));
            }
        }
    }

    /// <summary>A language model alone, or one with an encoder of images before it.</summary>
    private static bool IsGenerative(JsonElement name) => name.ValueKind == JsonValueKind.String
        && name.GetString() is { } text
        && (text.EndsWith("ForCausalLM", StringComparison.Ordinal)
            || text.EndsWith("ForConditionalGeneration", StringComparison.Ordinal));
}
