using System.Globalization;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>Names of tensors from Hugging Face's spelling to GGUF's, as llama.cpp's converter maps them.</summary>
internal sealed class HuggingFaceNames(string architecture, long blockCount)
{
    private static readonly Dictionary<string, string> OutsideLayers = new(StringComparer.Ordinal)
    {
        ["embed_tokens"] = "token_embd",
        ["norm"] = "output_norm",
        ["lm_head"] = "output",
    };

    private static readonly Dictionary<string, string> InLayer = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    private static readonly Dictionary<string, string> InLayerOfQwen3 = new(StringComparer.Ordinal)
    {
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
    };

    /// <summary>Whether it is a buffer that older versions of transformers saved and nobody needs.</summary>
    internal static bool IsBuffer(string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || name.EndsWith(".masked_bias", StringComparison.Ordinal);

    /// <summary>The name in a GGUF file.</summary>
    /// <exception cref="ModelFileException">The architecture has no such tensor.</exception>
    internal string ToGguf(string path, string name)
    {
        string body = name;
        string suffix = "";
        foreach (string candidate in (string[])[".weight", ".bias"])
        {
            if (name.EndsWith(candidate, StringComparison.Ordinal))
                (body, suffix) = (name[..^candidate.Length], candidate);
        }

        // Checkpoints of the bare model, without its head, lack the prefix.
        if (body.StartsWith("model.", StringComparison.Ordinal))
            body = body["model.".Length..];
        string? found = suffix.Length == 0 ? null : OutsideLayers.GetValueOrDefault(body) ?? FindInLayer(body);
        if (found is not null)
            return found + suffix;
        bool quantized = name.EndsWith(".qweight", StringComparison.Ordinal)
            || name.EndsWith("_scale_inv", StringComparison.Ordinal)
            || name.EndsWith("_scale", StringComparison.Ordinal) || name.EndsWith("_packed", StringComparison.Ordinal);
        throw new ModelFileException(
            path, GgufCursor.Printable(name),
            $"a {architecture} model of {blockCount} layers has no tensor of this name",
            quantized
                ? "the weights seem to be quantized; use the BF16 or F16 model, or a GGUF file"
                : "use the published model, or a GGUF file of it");
    }

    private string? FindInLayer(string body)
    {
        if (!body.StartsWith("layers.", StringComparison.Ordinal))
            return null;
        string rest = body["layers.".Length..];
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        bool isNumber = dot > 0 && long.TryParse(
            rest.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out long layer) && layer < blockCount;
        if (!isNumber)
            return null;
        string part = rest[(dot + 1)..];
        string? found = InLayer.GetValueOrDefault(part)
            ?? (architecture == "qwen3" ? InLayerOfQwen3.GetValueOrDefault(part) : null);
        return found is null ? null : $"blk.{rest[..dot]}.{found}";
    }
}
