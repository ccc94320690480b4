using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// Turns <c>config.json</c> into the keys that llama.cpp's converter writes for the same model, and a few of our own
/// (<see cref="HuggingFaceFolder"/> names them). What no key can say is refused, never left out.
/// </summary>
internal static class HuggingFaceConfig
{
    // Keys that change what a model computes, with what they switch on.
    private static readonly (string Key, string What)[] Switches =
    [
        ("attention_bias", "biases in attention"),
        ("mlp_bias", "biases in the feed-forward layer"),
        ("use_bidirectional_attention", "layers that attend to later positions"),
    ];

    /// <summary>Fills <paramref name="values"/>.</summary>
    /// <param name="config">The whole file.</param>
    /// <param name="model">The part of it that describes the language model.</param>
    /// <returns>The factors of a longrope scaling, or null.</returns>
    internal static LongRopeFactors? Read(
        HuggingFaceFamily family, JsonSettings config, JsonSettings model, Dictionary<string, object> values)
    {
        CheckKind(family, config);
        CheckSwitches(family, model);
        CheckActivation(family, model);
        values["general.architecture"] = family.Architecture;
        values["general.type"] = "model";
        string prefix = family.Architecture + ".";
        long headDim = ReadShape(model, prefix, values);
        LongRopeFactors? factors = HuggingFaceRope.Read(family, model, prefix, headDim, values);
        HuggingFaceWindow.Read(family, model, prefix, values);
        if (family.Experts)
            HuggingFaceExperts.Read(model, prefix, values);
        if (family.SoftCaps)
            ReadSoftCaps(model, prefix, values);
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

    /// <summary>Null means no cap, which keys say by 0: a key that is missing means the architecture's usual cap.
    /// </summary>
    private static void ReadSoftCaps(JsonSettings model, string prefix, Dictionary<string, object> values)
    {
        foreach (string key in (string[])["attn_logit_softcapping", "final_logit_softcapping"])
        {
            double? cap = model.FindNumber(key);
            if (cap is { } found && found <= 0)
                throw model.Refuse(key, NotPositive(found));
            values[prefix + key] = Float(cap ?? 0);
        }
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
                key, $"the activation must be {string.Join(" or ", family.Activations)}, found "
                + GgufCursor.Printable(found));
        }
    }

    /// <summary>Whether it is a language model of plain weights.</summary>
    private static void CheckKind(HuggingFaceFamily family, JsonSettings config)
    {
        const string Key = "quantization_config";
        if (config.FindElement(Key) is { } quantization)
        {
            string method = quantization.ValueKind == JsonValueKind.Object
                ? config.FindObject(Key)?.FindString("quant_method") ?? "an unknown method"
                : "an unknown method";
            throw config.Refuse(
                Key, $"weights quantized by {GgufCursor.Printable(method)} are not read",
                "use the BF16 or F16 model, or a GGUF file");
        }

        if (config.FindElement("architectures") is { ValueKind: JsonValueKind.Array } names
            && names.GetArrayLength() > 0
            && !names.EnumerateArray().Any(name => IsGenerative(family, name)))
        {
            throw config.Refuse("architectures", "a language model (…ForCausalLM) is wanted, this is something else");
        }
    }

    /// <summary>A language model, alone or, where the family has other parts, behind an encoder of images.</summary>
    private static bool IsGenerative(HuggingFaceFamily family, JsonElement name) =>
        name.ValueKind == JsonValueKind.String && name.GetString() is { } text
        && (text.EndsWith("ForCausalLM", StringComparison.Ordinal)
            || (family.TextConfig is not null
                && text.EndsWith("ForConditionalGeneration", StringComparison.Ordinal)));

    /// <summary>Whether all that may be switched on is off.</summary>
    private static void CheckSwitches(HuggingFaceFamily family, JsonSettings model)
    {
        foreach ((string key, string what) in Switches)
        {
            if (!family.IgnoredKeys.Contains(key)
                && model.FindElement(key) is { ValueKind: not JsonValueKind.False } on)
            {
                throw model.Refuse(
                    key, $"{what} are not supported for this model type, so false is wanted here, found "
                    + GgufCursor.Printable(on.GetRawText()));
            }
        }
    }
}
