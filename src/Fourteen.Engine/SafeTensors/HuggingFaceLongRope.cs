using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>The divisors of a longrope scaling, one for each pair of lanes.</summary>
/// <param name="Short">For sequences up to the original context length.</param>
/// <param name="Long">For longer ones.</param>
internal sealed record LongRopeFactors(float[] Short, float[] Long);

/// <summary>
/// The RoPE scaling of Phi-3 and Phi-4-mini. Cosine and sine are multiplied by √(1 + ln s / ln original), where s is
/// the context length over the original one; 1 where s is not above 1 (transformers' modeling_rope_utils).
/// </summary>
internal static class HuggingFaceLongRope
{
    internal static LongRopeFactors Read(
        JsonSettings model, JsonSettings rope, string prefix, long rotary, Dictionary<string, object> values)
    {
        long original = (long)values[prefix + "original_context_length"];
        double scale = (double)model.RequireInteger("max_position_embeddings") / original;
        // Versions of transformers differ in whether this key or the quotient counts.
        if (rope.FindNumber("factor") is { } factor && factor != scale)
            throw rope.Refuse("factor", $"the context length over the original one is wanted, {scale}, found {factor}");
        double magnitude = rope.FindNumber("attention_factor") ?? Scales(rope)
            ?? (scale > 1 ? Math.Sqrt(1 + (Math.Log(scale) / Math.Log(original))) : 1);
        if (!double.IsFinite(magnitude) || magnitude <= 0)
            throw rope.Refuse("attention_factor", HuggingFaceConfig.NotPositive(magnitude));
        values[prefix + "attn_factor"] = HuggingFaceConfig.Float(magnitude);
        return new LongRopeFactors(
            Factors(rope, "short_factor", rotary / 2), Factors(rope, "long_factor", rotary / 2));
    }

    /// <summary>The factor of both lists, where the file states one for each.</summary>
    private static double? Scales(JsonSettings rope)
    {
        const string LongKey = "long_mscale";
        double? first = rope.FindNumber("short_mscale");
        double? second = rope.FindNumber(LongKey);
        return first == second ? first : throw rope.Refuse(
            LongKey, $"it must equal short_mscale, since one factor serves both lists, found {second} and {first}");
    }

    private static float[] Factors(JsonSettings rope, string key, long count)
    {
        JsonElement list = rope.FindElement(key)
            ?? throw rope.Refuse(key, "longrope scaling needs this key, but it is missing");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != count)
            throw rope.Refuse(key, $"an array of {count} numbers is wanted here, one for each pair that turns");
        return [.. list.EnumerateArray().Select(Factor)];

        float Factor(JsonElement item) => item.ValueKind == JsonValueKind.Number
            && item.TryGetSingle(out float value) && float.IsFinite(value) && value > 0
                ? value
                : throw rope.Refuse(
                    key, $"positive numbers are wanted here, found {GgufCursor.Printable(item.GetRawText())}");
    }
}
