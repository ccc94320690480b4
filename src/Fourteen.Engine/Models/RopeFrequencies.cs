namespace Fourteen.Engine.Models;

/// <summary>
/// The angle each pair of lanes turns by a position, and the factor on cosine and sine: plain RoPE or one of its
/// scalings. It belongs to a sequence, fixed when that is admitted, since cached keys are already turned by it: keys of
/// two sequences may only be shared where these are the same object.
/// </summary>
public sealed class RopeFrequencies
{
    private readonly float[] _inverse;

    private RopeFrequencies(string scaling, double factor, double[] inverse, double magnitude)
    {
        Scaling = scaling;
        Factor = factor;
        _inverse = Array.ConvertAll(inverse, value => (float)value);
        Magnitude = (float)magnitude;
    }

    /// <summary>"none", "linear", "yarn", "llama3" or "longrope".</summary>
    public string Scaling { get; }

    /// <summary>The factor of the scaling; 1 for none, for longrope's short list, and where a file does not say it.
    /// </summary>
    public double Factor { get; }

    /// <summary>Radians per position of each pair.</summary>
    public ReadOnlySpan<float> Inverse => _inverse;

    /// <summary>Factor on cosine and sine.</summary>
    public float Magnitude { get; }

    /// <summary>Pair i of n turns by base^(−i/n) for each position.</summary>
    internal static RopeFrequencies Plain(double theta, int rotary) => new("none", 1, Unscaled(theta, rotary), 1);

    /// <summary>Positions divided by a factor.</summary>
    internal static RopeFrequencies Linear(double theta, int rotary, double factor) =>
        new("linear", factor, Array.ConvertAll(Unscaled(theta, rotary), value => value / factor), 1);

    /// <summary>
    /// YaRN as Qwen states it (Peng et al. 2023; the corrections as in transformers): fast pairs stay, slow ones are
    /// interpolated, those between are mixed, and cosine and sine grow by 0.1 · ln(factor) + 1.
    /// </summary>
    /// <param name="theta">Base of the angles.</param>
    /// <param name="rotary">Lanes that turn.</param>
    /// <param name="factor">By how much the context grows.</param>
    /// <param name="original">Positions of the context that it grows from.</param>
    /// <param name="fast">Rotations over that context above which a pair stays; 32 where nothing else is said.</param>
    /// <param name="slow">Rotations below which a pair is interpolated; 1 where nothing else is said.</param>
    /// <param name="attention">Factor on cosine and sine beside YaRN's own.</param>
    public static RopeFrequencies Yarn(
        double theta, int rotary, double factor, double original, double fast, double slow, double attention)
    {
        double[] inverse = Unscaled(theta, rotary);
        double Correction(double rotations) =>
            rotary * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
        double low = Math.Max(0, Math.Floor(Correction(fast)));
        double high = Math.Min(rotary - 1, Math.Ceiling(Correction(slow)));
        for (int i = 0; i < inverse.Length; i++)
        {
            double ramp = Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            inverse[i] = (inverse[i] * (1 - ramp)) + (inverse[i] / factor * ramp);
        }

        return new RopeFrequencies(
            "yarn", factor, inverse, attention * (factor <= 1 ? 1 : (0.1 * Math.Log(factor)) + 1));
    }

    /// <summary>The scaling of Llama 3.1: long wavelengths are divided, a band between is mixed.</summary>
    internal static RopeFrequencies Llama3(
        double theta, int rotary, double factor, double original, double low, double high)
    {
        double[] inverse = Unscaled(theta, rotary);
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

        return new RopeFrequencies("llama3", factor, inverse, 1);
    }

    /// <summary>Each frequency divided by its own number: the lists of longrope, and llama3's in GGUF files.</summary>
    internal static RopeFrequencies Divided(
        string scaling, double theta, int rotary, double factor, ReadOnlySpan<float> divisors, double magnitude)
    {
        double[] inverse = Unscaled(theta, rotary);
        for (int i = 0; i < inverse.Length; i++)
            inverse[i] /= divisors[i];
        return new RopeFrequencies(scaling, factor, inverse, magnitude);
    }

    /// <summary>Whether all angles are numbers; extreme keys may lead beyond them.</summary>
    internal bool IsFinite => float.IsFinite(Magnitude) && Array.TrueForAll(_inverse, float.IsFinite);

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
        for (int i = 0; i < _inverse.Length; i++)
        {
            (double s, double c) = Math.SinCos((float)position * _inverse[i]);
            cos[i] = (float)c * Magnitude;
            sin[i] = (float)s * Magnitude;
        }
    }
}
