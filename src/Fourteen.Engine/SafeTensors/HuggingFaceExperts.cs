using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>The experts of <c>config.json</c>: how many, how many a token uses, and how wide they are.</summary>
internal static class HuggingFaceExperts
{
    /// <summary>Far above any model: the largest published ones have some hundred.</summary>
    private const int ExpertsMax = 4096;

    internal static void Read(JsonSettings model, string prefix, Dictionary<string, object> values)
    {
        string countKey = model.Contains("num_local_experts") ? "num_local_experts" : "num_experts";
        long count = model.RequireInteger(countKey);
        if (count is < 1 or > ExpertsMax)
            throw model.Refuse(countKey, $"1 to {ExpertsMax} experts are accepted, found {count}");
        long used = model.RequireInteger("num_experts_per_tok");
        if (used < 1 || used > count)
            throw model.Refuse("num_experts_per_tok", $"1 to {count} experts are wanted here, found {used}");
        values[prefix + "expert_count"] = count;
        values[prefix + "expert_used_count"] = used;
        if (model.FindInteger("moe_intermediate_size") is { } width)
            values[prefix + "expert_feed_forward_length"] = width;
        CheckLayers(model);
    }

    /// <summary>Every layer must have experts, and the weights of the chosen ones must add up to 1.</summary>
    private static void CheckLayers(JsonSettings model)
    {
        const string Remedy = "no architecture here has such layers";
        if (model.FindElement("mlp_only_layers") is { } dense
            && !(dense.ValueKind == JsonValueKind.Array && dense.GetArrayLength() == 0))
        {
            throw model.Refuse(
                "mlp_only_layers", "every layer must have experts, so an empty array is wanted here, found "
                + GgufCursor.Printable(dense.GetRawText()), Remedy);
        }

        if (model.FindInteger("decoder_sparse_step") is { } step && step != 1)
        {
            throw model.Refuse(
                "decoder_sparse_step", $"every layer must have experts, so 1 is wanted here, found {step}", Remedy);
        }

        if (model.FindBool("norm_topk_prob") != true)
        {
            throw model.Refuse(
                "norm_topk_prob", "the weights of the chosen experts must be normalized, so true is wanted here, "
                + "found false, null or nothing, which all mean false", Remedy);
        }
    }
}
