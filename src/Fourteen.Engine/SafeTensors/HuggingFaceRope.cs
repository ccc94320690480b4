using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// The RoPE part of <c>config.json</c>: in the published form (<c>rope_theta</c> beside <c>rope_scaling</c>, whose kind
/// stands in <c>rope_type</c> or, older, <c>type</c>) and in that of transformers 5 (<c>rope_parameters</c> with all of
/// it).
/// </summary>
internal static class HuggingFaceRope
{
    private const string OriginalKey = "original_max_position_embeddings";

    /// <returns>The factors of a longrope scaling, or null.</returns>
    internal static LongRopeFactors? Read(
        HuggingFaceFamily family, JsonSettings config, string prefix, long headDim, Dictionary<string, object> values)
    {
        JsonSettings? rope = config.FindObject("rope_parameters") ?? config.FindObject("rope_scaling");
        if (family.LocalRope)
        {
            values[prefix + "rope.freq_base_swa"] = LocalBase(config, rope?.FindObject("sliding_attention"));
            rope = rope?.FindObject("full_attention") ?? rope;
        }

        double theta = rope?.FindNumber("rope_theta") ?? config.FindNumber("rope_theta") ?? 10_000;
        values[prefix + "rope.freq_base"] = HuggingFaceConfig.Float(theta);
        double partial = rope?.FindNumber("partial_rotary_factor") ?? config.FindNumber("partial_rotary_factor") ?? 1;
        if (partial is <= 0 or > 1)
            throw config.Refuse("partial_rotary_factor", $"a share of 0 to 1 is wanted here, found {partial}");
        long rotary = (long)(headDim * partial);
        values[prefix + "rope.dimension_count"] = rotary;
        prefix += "rope.scaling.";
        string kind = rope?.FindString("rope_type") ?? rope?.FindString("type") ?? "default";
        if (!family.LongRope)
        {
            if (rope is not null)
                ReadScaling(config, rope, kind, prefix, values);
            return null;
        }

        // The converter writes this length for every model of such a family.
        long original = (rope is null ? config.FindInteger(OriginalKey) : OriginalLength(config, rope))
            ?? throw config.Refuse(OriginalKey, "a whole number is wanted here, found null");
        if (original < 2)
            throw config.Refuse(OriginalKey, $"a length of 2 or more is wanted here, found {original}");
        values[prefix + "original_context_length"] = original;
        if (rope is null || kind == "default")
            return null;
        if (kind is not ("longrope" or "su" or "yarn"))
            throw RefuseKind(rope, kind, "default, longrope, su and yarn");
        values[prefix + "type"] = "longrope";
        return HuggingFaceLongRope.Read(config, rope, prefix, rotary, values);
    }

    /// <summary>The base for layers with a window: their positions are never scaled.</summary>
    private static double LocalBase(JsonSettings config, JsonSettings? local)
    {
        string kind = local?.FindString("rope_type") ?? "default";
        if (local is not null && kind != "default")
            throw RefuseKind(local, kind, "default in layers with a window");
        return HuggingFaceConfig.Float(
            local?.FindNumber("rope_theta") ?? config.FindNumber("rope_local_base_freq") ?? 10_000);
    }

    private static void ReadScaling(
        JsonSettings config, JsonSettings rope, string kind, string prefix, Dictionary<string, object> values)
    {
        switch (kind)
        {
            case "default":
                RefuseLayerTypes(rope);
                return;
            case "linear":
                values[prefix + "factor"] = Factor(rope);
                break;
            case "llama3":
                values[prefix + "factor"] = Factor(rope);
                values[prefix + "low_freq_factor"] = Require(rope, "low_freq_factor");
                values[prefix + "high_freq_factor"] = Require(rope, "high_freq_factor");
                values[prefix + "original_context_length"] = OriginalLength(config, rope)
                    ?? throw rope.Refuse(OriginalKey, "llama3 scaling needs this key");
                break;
            case "yarn":
                ReadYarn(config, rope, prefix, values);
                break;
            default:
                throw RefuseKind(rope, kind, "default, linear, llama3 and yarn");
        }

        values[prefix + "type"] = kind;
    }

    private static ModelFileException RefuseKind(JsonSettings rope, string kind, string supported) => rope.Refuse(
        "rope_type", $"the RoPE type {GgufCursor.Printable(kind)} is not supported for this model type",
        $"supported are {supported}");

    private static void ReadYarn(
        JsonSettings config, JsonSettings rope, string prefix, Dictionary<string, object> values)
    {
        double factor = Factor(rope);
        values[prefix + "factor"] = factor;
        values[prefix + "original_context_length"] =
            OriginalLength(config, rope) ?? config.RequireInteger("max_position_embeddings");
        if (rope.FindNumber("beta_fast") is { } betaFast)
            values[prefix + "yarn_beta_fast"] = HuggingFaceConfig.Float(betaFast);
        if (rope.FindNumber("beta_slow") is { } betaSlow)
            values[prefix + "yarn_beta_slow"] = HuggingFaceConfig.Float(betaSlow);
        if (rope.FindBool("truncate") == false)
            throw rope.Refuse("truncate", "YaRN without truncated corrections is not supported");
        // transformers: the whole multiplier of cos and sin. GGUF: a factor beside 0.1 ln s + 1.
        double usual = Magnitude(factor, 1);
        double? whole = rope.FindNumber("attention_factor");
        if (whole is null && rope.FindNumber("mscale") is { } scale && rope.FindNumber("mscale_all_dim") is { } all)
            whole = scale != 0 && all != 0 ? Magnitude(factor, scale) / Magnitude(factor, all) : null;
        if (whole is { } wanted && wanted != usual)
            values[prefix + "attn_factor"] = HuggingFaceConfig.Float(wanted / usual);
    }

    private static double Magnitude(double factor, double scale) =>
        factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;

    private static double Factor(JsonSettings rope)
    {
        double factor = Require(rope, "factor");
        return factor > 0 ? factor : throw rope.Refuse("factor", HuggingFaceConfig.NotPositive(factor));
    }

    private static double Require(JsonSettings rope, string key) => HuggingFaceConfig.Float(
        rope.FindNumber(key) ?? throw rope.Refuse(key, "this key must be there, but it is missing"));

    private static long? OriginalLength(JsonSettings config, JsonSettings rope) =>
        rope.FindInteger(OriginalKey) ?? config.FindInteger(OriginalKey);

    /// <summary>Models with several kinds of layers have an object for each kind here.</summary>
    private static void RefuseLayerTypes(JsonSettings rope)
    {
        foreach (JsonProperty property in rope.Properties)
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                throw rope.Refuse(
                    property.Name, "RoPE parameters by kind of layer are not supported for this model type");
            }
        }
    }
}
