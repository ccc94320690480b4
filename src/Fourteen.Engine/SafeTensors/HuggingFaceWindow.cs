using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// The sliding window of <c>config.json</c>, and the layers that have it: <c>fourteen.window_layers</c> holds 1 for a
/// layer with the window and 0 for one without, where the file says more than the architecture does.
/// </summary>
internal static class HuggingFaceWindow
{
    /// <summary>Far above any model; it bounds the array of a file that lies about its layers.</summary>
    private const int LayersMax = 1 << 16;

    internal static void Read(
        HuggingFaceFamily family, JsonSettings model, string prefix, Dictionary<string, object> values)
    {
        long[]? layers = Layers(family, model);
        long? window = Width(family, model);
        if (window is null)
        {
            if (layers?.Contains(1) == true)
            {
                throw model.Refuse(
                    "layer_types", family.Windows == WindowedLayers.None
                        ? "every layer must be full_attention for this model type, found sliding_attention"
                        : "layers with sliding_attention need sliding_window, but the model has none");
            }

            return;
        }

        // A window as wide as the context hides nothing, but in a pattern the layers differ by their RoPE too.
        bool hidesNothing = window >= model.RequireInteger("max_position_embeddings")
            || layers?.Contains(1) == false;
        if (hidesNothing && family.Windows != WindowedLayers.Pattern)
            return;
        values[prefix + "attention.sliding_window"] = window;
        if (layers is not null)
            values["fourteen.window_layers"] = layers;
    }

    /// <summary>Positions that a layer with a window sees, its own included; null where there is no window.</summary>
    private static long? Width(HuggingFaceFamily family, JsonSettings model)
    {
        const string Key = "sliding_window";
        const string SwitchKey = "use_sliding_window";
        bool? isUsed = family.Windows is WindowedLayers.None or WindowedLayers.FromLayer
            ? model.FindBool(SwitchKey) ?? false
            : true;
        if (isUsed == true && family.Windows == WindowedLayers.None)
            throw model.Refuse(SwitchKey, "sliding-window attention is not supported for this model type, found true");
        long? width = isUsed == true ? model.FindInteger(Key) : null;
        return width is null or >= 1
            ? width
            : throw model.Refuse(Key, $"a width of 1 or more, or null, is wanted here, found {width}");
    }

    private static long[]? Layers(HuggingFaceFamily family, JsonSettings model)
    {
        long count = model.RequireInteger("num_hidden_layers");
        if (model.FindElement("layer_types") is { } types)
            return FromTypes(model, types, count);
        switch (family.Windows)
        {
            case WindowedLayers.FromLayer:
                long first = model.RequireInteger("max_window_layers");
                return model.FindBool("use_sliding_window") == true ? Fill(model, count, layer => layer >= first) : null;
            case WindowedLayers.Pattern when family.LocalRope && model.FindInteger("sliding_window_pattern") is { } full:
                if (full < 1)
                    throw model.Refuse("sliding_window_pattern", $"1 or more is wanted here, found {full}");
                return Fill(model, count, layer => (layer + 1) % full != 0);
            default:
                return null;
        }
    }

    private static long[] Fill(JsonSettings model, long count, Func<int, bool> isWindowed)
    {
        if (count is < 1 or > LayersMax)
            throw model.Refuse("num_hidden_layers", $"1 to {LayersMax} layers are accepted, found {count}");
        return [.. Enumerable.Range(0, (int)count).Select(layer => isWindowed(layer) ? 1L : 0L)];
    }

    private static long[] FromTypes(JsonSettings model, JsonElement types, long count)
    {
        const string Key = "layer_types";
        if (types.ValueKind != JsonValueKind.Array || types.GetArrayLength() != count)
            throw model.Refuse(Key, $"an array with one type for each of the {count} layers is wanted here");
        return [.. types.EnumerateArray().Select(Kind)];

        long Kind(JsonElement type) => (type.ValueKind == JsonValueKind.String ? type.GetString() : null) switch
        {
            "full_attention" => 0,
            "sliding_attention" => 1,
            _ => throw model.Refuse(
                Key, "a layer must be full_attention or sliding_attention, found "
                + GgufCursor.Printable(type.GetRawText())),
        };
    }
}
