using System.Globalization;
using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// The sliding window of <c>config.json</c>, and the layers that have it where the file says more about them than the
/// architecture does: <c>attention.sliding_window_pattern</c>, true for each layer with the window.
/// </summary>
internal static class HuggingFaceWindow
{
    private const string WidthKey = "sliding_window";
    private const string SwitchKey = "use_sliding_window";
    private const string TypesKey = "layer_types";

    /// <summary>Far above any model; it bounds the array of a file that lies about its layers.</summary>
    private const int LayersMax = 1 << 16;

    internal static void Read(
        HuggingFaceFamily family, JsonSettings model, string prefix, Dictionary<string, object> values)
    {
        bool isUsed = IsUsed(family, model);
        long? width = isUsed ? Width(family, model) : null;
        bool[]? layers = Layers(family, model, isUsed);
        if (width is null)
        {
            if (layers?.Contains(true) == true)
            {
                throw model.Refuse(
                    TypesKey, "a layer with sliding_attention was found, but the model has no window",
                    "every layer must be full_attention");
            }

            return;
        }

        // A window as wide as the context hides nothing, but in a pattern the layers differ by their RoPE too.
        bool hidesNothing = width >= model.RequireInteger("max_position_embeddings")
            || layers?.Contains(true) == false;
        if (hidesNothing && family.Windows != WindowedLayers.Pattern)
            return;
        values[prefix + "attention.sliding_window"] = width;
        if (layers is not null)
            values[prefix + "attention.sliding_window_pattern"] = layers;
    }

    private static bool IsUsed(HuggingFaceFamily family, JsonSettings model)
    {
        if (family.Windows is WindowedLayers.All or WindowedLayers.Pattern)
            return true;
        bool isUsed = model.FindBool(SwitchKey) ?? false;
        return !isUsed || family.Windows == WindowedLayers.FromLayer ? isUsed : throw model.Refuse(
            SwitchKey, "sliding-window attention is not supported for this model type, found true");
    }

    /// <summary>Positions that a layer with a window sees, its own included; null where there is no window.</summary>
    private static long? Width(HuggingFaceFamily family, JsonSettings model)
    {
        long? width = model.FindInteger(WidthKey);
        bool fits = width is null ? family.Windows != WindowedLayers.Pattern : width >= 1;
        string found = width?.ToString(CultureInfo.InvariantCulture) ?? "null";
        return fits
            ? width
            : throw model.Refuse(WidthKey, $"a width of 1 or more is wanted here, found {found}");
    }

    private static bool[]? Layers(HuggingFaceFamily family, JsonSettings model, bool isUsed)
    {
        const string PeriodKey = "sliding_window_pattern";
        long count = model.RequireInteger("num_hidden_layers");
        if (model.FindElement(TypesKey) is { } types)
            return FromTypes(model, types, count);
        if (isUsed && family.Windows == WindowedLayers.FromLayer)
        {
            long first = model.RequireInteger("max_window_layers");
            return Fill(model, count, layer => layer >= first);
        }

        if (!family.LocalRope || model.FindInteger(PeriodKey) is not { } period)
            return null;
        return period >= 1
            ? Fill(model, count, layer => (layer + 1) % period != 0)
            : throw model.Refuse(PeriodKey, $"1 or more is wanted here, found {period}");
    }

    private static bool[] Fill(JsonSettings model, long count, Func<int, bool> isWindowed)
    {
        if (count is < 1 or > LayersMax)
            throw model.Refuse("num_hidden_layers", $"1 to {LayersMax} layers are accepted, found {count}");
        return [.. Enumerable.Range(0, (int)count).Select(isWindowed)];
    }

    private static bool[] FromTypes(JsonSettings model, JsonElement types, long count)
    {
        if (types.ValueKind != JsonValueKind.Array || types.GetArrayLength() != count)
            throw model.Refuse(TypesKey, $"an array with one type for each of the {count} layers is wanted here");
        return [.. types.EnumerateArray().Select(Kind)];

        bool Kind(JsonElement type) => (type.ValueKind == JsonValueKind.String ? type.GetString() : null) switch
        {
            "full_attention" => false,
            "sliding_attention" => true,
            _ => throw model.Refuse(
                TypesKey, "a layer must be full_attention or sliding_attention, found "
                + GgufCursor.Printable(type.GetRawText())),
        };
    }
}
