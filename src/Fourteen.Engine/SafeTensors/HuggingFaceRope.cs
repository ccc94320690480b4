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
    internal static void Read(JsonSettings config, string prefix, long headDim, Dictionary<string, object> values)
    {
        JsonSettings? rope = config.FindObject("rope_parameters") ?? config.FindObject("rope_scaling");
        double theta = rope?.FindNumber("rope_theta") ?? config.FindNumber("rope_theta") ?? 10_000;
        values[prefix + "rope.freq_base"] = HuggingFaceConfig.Float(theta);
        double partial = rope?.FindNumber("partial_rotary_factor") ?? config.FindNumber("partial_rotary_factor") ?? 1;
        if (partial is <= 0 or > 1)
            throw config.Refuse("partial_rotary_factor", $"a share of 0 to 1 is wanted here, found {partial}");
        values[prefix + "rope.dimension_count"] = (long)(headDim * partial);
        if (rope is not null)
            ReadScaling(config, rope, prefix + "rope.scaling.", values);
    }

    private static void ReadScaling(
        JsonSettings config, JsonSettings rope, string prefix, Dictionary<string, object> values)
    {
        string kind = rope.FindString("rope_type") ?? rope.FindString("type") ?? "default";
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
                    ?? throw rope.Refuse("original_max_position_embeddings", "llama3 scaling needs this key");
                break;
            case "yarn":
                ReadYarn(config, rope, prefix, values);
                break;
            default:
                throw rope.Refuse(
                    "rope_type", $"the RoPE type {GgufCursor.Printable(kind)} is not supported for this model type",
                    "supported are default, linear, llama3 and yarn");
        }

        values[prefix + "type"] = kind;
    }

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
        return factor > 0 ? factor : throw rope.Refuse("factor", $"a positive number is wanted here, found {factor}");
    }

    private static double Require(JsonSettings rope, string key) => HuggingFaceConfig.Float(
        rope.FindNumber(key) ?? throw rope.Refuse(key, "this key must be there, but it is missing"));

    private static long? OriginalLength(JsonSettings config, JsonSettings rope) =>
        rope.FindInteger("original_max_position_embeddings")
        ?? config.FindInteger("original_max_position_embeddings");

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
