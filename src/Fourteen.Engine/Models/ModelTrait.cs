using System.Globalization;

namespace Fourteen.Engine.Models;

/// <summary>One thing that was recognized in a model file, and what said so: a key, a tensor or the architecture.
/// </summary>
public sealed record ModelTrait(string What, string Source)
{
    /// <summary>Everything in which the model differs from the plain forward pass.</summary>
    internal static IReadOnlyList<ModelTrait> Of(ModelFile file, ModelConfig config)
    {
        Architecture row = config.Architecture;
        List<ModelTrait> traits = [];
        string Key(string name) => $"{row.Name}.{name}";
        void Add(string what, string key) => traits.Add(
            new ModelTrait(what, file.Metadata.FindValue(key) is null ? $"architecture {row.Name}" : key));

        if (row.QueryKeyNorm)
            traits.Add(new ModelTrait("norms on query and key heads", "blk.*.attn_q_norm"));
        if (row.QueryKeyValueBias)
            traits.Add(new ModelTrait("biases on query, key and value", "blk.*.attn_q.bias"));
        if (row.FusedProjections)
            traits.Add(new ModelTrait("query, key and value in one matrix", "blk.*.attn_qkv"));
        if (row.PostNorms)
            traits.Add(new ModelTrait("norms after attention and feed-forward", "blk.*.post_attention_norm"));
        if (config.Experts > 0)
            Add($"{config.Experts} experts, {config.ExpertsUsed} for each token", Key("expert_count"));
        if (config.Window > 0 && config.Window < config.ContextLength)
        {
            int layers = config.Windowed.Count(windowed => windowed);
            Add($"window of {config.Window} positions in {layers} of {config.Layers} layers",
                Key("attention.sliding_window"));
        }

        if (config.WindowRope is not null)
            Add("other RoPE angles in layers with a window", Key("rope.freq_base_swa"));
        if (config.AttentionSoftCap > 0)
            Add($"attention scores capped at ±{Number(config.AttentionSoftCap)}", Key("attn_logit_softcapping"));
        if (config.LogitSoftCap > 0)
            Add($"logits capped at ±{Number(config.LogitSoftCap)}", Key("final_logit_softcapping"));
        if (row.ScaledEmbedding)
            traits.Add(new ModelTrait("embeddings times √hidden, gate of GELU", $"architecture {row.Name}"));
        if (Math.Abs((config.QueryScale * config.QueryScale * config.HeadDim) - 1) > 1e-3)
            Add($"queries scaled by {Number(config.QueryScale)}", "fourteen.query_scale");
        if (config.NormOffset != 0)
            Add("norm weights stored less one", "fourteen.norm_offset");
        if (!file.Tensors.TryFind("output.weight", out _))
            traits.Add(new ModelTrait("output tied to the embedding", "no output.weight"));
        return traits;
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
