using System.Runtime.InteropServices;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Engine.Models;

/// <summary>
/// The angle each pair of lanes turns by a position, and the factor on cosine and sine: plain RoPE or one of its
/// scalings. It belongs to a sequence, fixed when that is admitted, since cached keys are already turned by it.
/// </summary>
public sealed class RopeFrequencies
{
    private RopeFrequencies(string scaling, double factor, float[] inverse, float magnitude)
    {
        Scaling = scaling;
        Factor = factor;
        Inverse = inverse;
        Magnitude = magnitude;
    }

    /// <summary>"none", "linear", "yarn" or "llama3".</summary>
    public string Scaling { get; }

    /// <summary>The factor of the scaling; 1 for none.</summary>
    public double Factor { get; }

    /// <summary>Radians per position of each pair.</summary>
    internal float[] Inverse { get; }

    /// <summary>Factor on cosine and sine.</summary>
    internal float Magnitude { get; }

    /// <summary>The scaling that the file states; throws <see cref="ModelFileException"/> on one that is unknown.
    /// </summary>
    internal static RopeFrequencies Read(ModelFile file, string prefix, int rotary, int contextLength)
    {
        GgufMetadata metadata = file.Metadata;
        double theta = metadata.FindFloat($"{prefix}.rope.freq_base") ?? 10000;
        double[] inverse = Unscaled(theta, rotary);
        string scaling = metadata.FindString($"{prefix}.rope.scaling.type") ?? "none";
        double factor = metadata.FindFloat($"{prefix}.rope.scaling.factor")
            ?? metadata.FindFloat($"{prefix}.rope.scale_linear") ?? 1;
        double original = metadata.FindInteger($"{prefix}.rope.scaling.original_context_length") ?? contextLength;
        Check(metadata, $"{prefix}.rope.freq_base", theta);
        Check(metadata, $"{prefix}.rope.scaling.factor", factor);
        double magnitude = 1;
        switch (scaling)
        {
            case "none":
                factor = 1;
                break;
            case "linear":
                for (int i = 0; i < inverse.Length; i++)
                    inverse[i] /= factor;
                break;
            case "yarn":
                magnitude = Yarn(metadata, prefix, inverse, rotary, theta, factor, original);
                break;
            case "llama3":
                Llama3(metadata, prefix, inverse, factor, original);
                break;
            default:
                throw new ModelFileException(
                    metadata.Path, $"{prefix}.rope.scaling.type",
                    $"must be none, linear, yarn or llama3, found \"{GgufCursor.Printable(scaling)}\"");
        }

        if (file.Tensors.TryFind("rope_freqs.weight", out TensorEntry? factors))
        {
            Divide(file, factors, inverse);
            scaling = scaling == "none" ? "llama3" : scaling;
        }

        float[] turns = Array.ConvertAll(inverse, value => (float)value);
        if (!float.IsFinite((float)magnitude) || !Array.TrueForAll(turns, float.IsFinite))
        {
            throw new ModelFileException(
                metadata.Path, $"{prefix}.rope.{(scaling == "none" ? "freq_base" : "scaling")}",
                "must give angles that are finite numbers, but some are not");
        }

        return new RopeFrequencies(scaling, factor, turns, (float)magnitude);
    }

    /// <summary>
    /// The unscaled angles of layers with a window, or null where the architecture turns all layers alike.
    /// </summary>
    internal static RopeFrequencies? ReadForWindow(GgufMetadata metadata, Architecture architecture, int rotary)
    {
        if (architecture.WindowRopeBase == 0)
            return null;
        string key = $"{architecture.Name}.rope.freq_base_swa";
        double theta = metadata.FindFloat(key) ?? architecture.WindowRopeBase;
        Check(metadata, key, theta);
        float[] turns = Array.ConvertAll(Unscaled(theta, rotary), value => (float)value);
        return new RopeFrequencies("none", 1, turns, 1);
    }

    private static double[] Unscaled(double theta, int rotary)
    {
        double[] inverse = new double[rotary / 2];
        for (int i = 0; i < inverse.Length; i++)
            inverse[i] = Math.Pow(theta, -2.0 * i / rotary);
        return inverse;
    }

    /// <summary>Cosines and sines of one position, scaled; spans of one value a pair.</summary>
    /// <remarks>The angle is a product of two 32-bit floats, as in the reference implementation.</remarks>
    internal void Turn(int position, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < Inverse.Length; i++)
        {
            (double s, double c) = Math.SinCos((float)position * Inverse[i]);
            cos[i] = (float)c * Magnitude;
            sin[i] = (float)s * Magnitude;
        }
    }

    /// <summary>
    /// YaRN as Qwen states it (Peng et al. 2023; the corrections as in transformers): fast pairs stay, slow ones are
    /// interpolated, those between are mixed. Returns the factor on cosine and sine.
    /// </summary>
    private static double Yarn(
        GgufMetadata metadata, string prefix, double[] inverse, int rotary, double theta, double factor,
        double original)
    {
        double fast = metadata.FindFloat($"{prefix}.rope.scaling.yarn_beta_fast") ?? 32;
        double slow = metadata.FindFloat($"{prefix}.rope.scaling.yarn_beta_slow") ?? 1;
        double Correction(double rotations) =>
            rotary * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
        double low = Math.Max(0, Math.Floor(Correction(fast)));
        double high = Math.Min(rotary - 1, Math.Ceiling(Correction(slow)));
        for (int i = 0; i < inverse.Length; i++)
        {
            double ramp = Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            inverse[i] = (inverse[i] * (1 - ramp)) + (inverse[i] / factor * ramp);
        }

        double attention = metadata.FindFloat($"{prefix}.rope.scaling.attn_factor") ?? 1;
        return attention * (factor <= 1 ? 1 : (0.1 * Math.Log(factor)) + 1);
    }

    /// <summary>The scaling of Llama 3.1: long wavelengths are divided, a band between is mixed.</summary>
    private static void Llama3(GgufMetadata metadata, string prefix, double[] inverse, double factor, double original)
    {
        double low = metadata.FindFloat($"{prefix}.rope.scaling.low_freq_factor") ?? 1;
        double high = metadata.FindFloat($"{prefix}.rope.scaling.high_freq_factor") ?? 4;
        for (int i = 0; i < inverse.Length; i++)
        {
            double wavelength = 2 * Math.PI / inverse[i];
            if (wavelength > original / low)
            {
                inverse[i] /= factor;
            }
            else if (wavelength >= original / high)
            {
                double smooth = ((original / wavelength) - low) / (high - low);
                inverse[i] = ((1 - smooth) * inverse[i] / factor) + (smooth * inverse[i]);
            }
        }
    }

    /// <summary>Divides each frequency by the factor that the file stores for it.</summary>
    private static void Divide(ModelFile file, TensorEntry factors, double[] inverse)
    {
        if (factors.Type != GgmlType.F32 || factors.Elements != inverse.Length)
        {
            throw new ModelFileException(
                file.Path, factors.Name,
                $"must hold {inverse.Length} f32 values, found {factors.Elements} of type {factors.Type}");
        }

        float[] values = new float[inverse.Length];
        Dequantizer.Row(GgmlType.F32, factors.Address, MemoryMarshal.CreateSpan(ref values[0], values.Length));
        for (int i = 0; i < inverse.Length; i++)
        {
            Check(file.Metadata, factors.Name, values[i]);
            inverse[i] /= values[i];
        }
    }

    private static void Check(GgufMetadata metadata, string place, double value)
    {
        if (!double.IsFinite(value) || value <= 0)
            throw new ModelFileException(metadata.Path, place, $"must be a positive number, found {value}");
    }
}
