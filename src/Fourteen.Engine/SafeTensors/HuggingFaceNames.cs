using System.Globalization;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>Names of tensors from Hugging Face's spelling to GGUF's, as llama.cpp's converter maps them.</summary>
/// <param name="blockCount">Number of layers.</param>
/// <param name="expertCount">Number of experts in a layer; 0 for none.</param>
internal sealed class HuggingFaceNames(HuggingFaceFamily family, long blockCount, long expertCount)
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

    /// <summary>The parts of a checkpoint beside its language model.</summary>
    private static readonly string[] OtherParts = ["vision_tower.", "multi_modal_projector."];

    /// <summary>
    /// Whether a tensor is not wanted: a buffer that older versions of transformers saved, or, in a checkpoint that
    /// has other parts beside the language model, a tensor of those.
    /// </summary>
    internal bool IsSkipped(string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || name.EndsWith(".masked_bias", StringComparison.Ordinal)
        || (family.TextConfig is not null && Array.Exists(
            OtherParts, part => After("model.", name).StartsWith(part, StringComparison.Ordinal)));

    /// <summary>The name in a GGUF file.</summary>
    /// <exception cref="ModelFileException">The family has no such tensor.</exception>
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
        body = After("model.", body);
        if (family.TextConfig is not null)
            body = After("model.", After("language_model.", body));
        string? found = OutsideLayers.GetValueOrDefault(body) ?? FindInLayer(body);
        // Fused experts are bare parameters in transformers, whose names have no suffix.
        if (suffix.Length == 0 && found?.EndsWith("_exps", StringComparison.Ordinal) == true)
            suffix = ".weight";
        if (found is not null && suffix.Length > 0)
            return found + suffix;
        bool quantized = name.EndsWith(".qweight", StringComparison.Ordinal)
            || name.EndsWith("_scale_inv", StringComparison.Ordinal)
            || name.EndsWith("_scale", StringComparison.Ordinal) || name.EndsWith("_packed", StringComparison.Ordinal);
        throw new ModelFileException(
            path, GgufCursor.Printable(name),
            $"a {family.ModelType} model of {blockCount} layers has no tensor of this name",
            quantized
                ? "the weights seem to be quantized; use the BF16 or F16 model, or a GGUF file"
                : "use the published model, or a GGUF file of it");
    }

    private static string After(string prefix, string name) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;

    private string? FindInLayer(string body)
    {
        const string Layers = "layers.";
        if (!body.StartsWith(Layers, StringComparison.Ordinal)
            || !TryNumber(body[Layers.Length..], blockCount, out string layer, out string part))
        {
            return null;
        }

        string? found = family.LayerNames.GetValueOrDefault(part) ?? InLayer.GetValueOrDefault(part)
            ?? FindInExpert(part);
        return found is null ? null : $"blk.{layer}.{found}";
    }

    private string? FindInExpert(string part)
    {
        const string Experts = ".experts.";
        int start = part.IndexOf(Experts, StringComparison.Ordinal);
        if (start < 0 || !TryNumber(part[(start + Experts.Length)..], expertCount, out string expert, out string rest))
            return null;
        return family.LayerNames.GetValueOrDefault($"{part[..start]}{Experts}*.{rest}")
            ?.Replace("*", expert, StringComparison.Ordinal);
    }

    /// <summary>Cuts "7.rest" into a number below <paramref name="count"/> and the rest.</summary>
    private static bool TryNumber(string text, long count, out string number, out string rest)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        (number, rest) = dot > 0 ? (text[..dot], text[(dot + 1)..]) : ("", "");
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value < count;
    }
}
