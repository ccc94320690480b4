using System.Globalization;
using System.Runtime.InteropServices;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Engine.Models;

/// <summary>The keys and tensors of RoPE in a model file, checked as they are read.</summary>
internal sealed class RopeReader
{
    private const string LongFactors = "rope_factors_long.weight";
    private const string ShortFactors = "rope_factors_short.weight";
    private const string Llama3Factors = "rope_freqs.weight";
    private const int PositionsMax = 1 << 24;

    /// <summary>Above every factor that a scaling may have: more would lead beyond the most positions.</summary>
    private const double NumberMax = PositionsMax;

    private readonly ModelFile _file;
    private readonly GgufMetadata _metadata;
    private readonly string _prefix;
    private readonly int _rotary;
    private readonly RopeOptions _options;

    internal RopeReader(
        ModelFile file, Architecture architecture, int rotary, int contextLength, RopeOptions options)
    {
        _file = file;
        _metadata = file.Metadata;
        _prefix = $"{architecture.Name}.rope.";
        _rotary = rotary;
        _options = options;
        Theta = Positive("freq_base", 10000);
        Scaling = ReadScaling();
        Factor = Scaling is "none" or "longrope"
            ? 1 : Bounded("scaling.factor", _metadata.FindFloat($"{_prefix}scale_linear") ?? 1);
        Native = ReadNative(architecture, contextLength);
    }

    /// <summary>Base of the angles.</summary>
    internal double Theta { get; }

    /// <summary>"none", "linear", "yarn", "llama3" or "longrope".</summary>
    internal string Scaling { get; }

    /// <summary>The factor that the file states.</summary>
    internal double Factor { get; }

    /// <summary>Positions of the native context.</summary>
    internal int Native { get; }

    /// <summary>What the scaling was recognized by; empty for none.</summary>
    internal string Source => Scaling switch
    {
        "none" => "",
        "longrope" => LongFactors,
        _ => _metadata.FindString($"{_prefix}scaling.type") is null or "none"
            ? Llama3Factors : $"{_prefix}scaling.type",
    };

    /// <summary>So many times the native context.</summary>
    internal int Times(double factor) => (int)Math.Min(Native * factor, PositionsMax);

    internal RopeFrequencies Plain() => RopeFrequencies.Plain(Theta, _rotary);

    internal RopeFrequencies Yarn(double factor) => Finite(RopeFrequencies.Yarn(
        Theta, _rotary, factor, Native, Bounded("scaling.yarn_beta_fast", 32), Bounded("scaling.yarn_beta_slow", 1),
        Bounded("scaling.attn_factor", 1)));

    internal RopeFrequencies Llama3()
    {
        if (_file.Tensors.TryFind(Llama3Factors, out TensorEntry? factors))
            return Finite(RopeFrequencies.Divided("llama3", Theta, _rotary, 1, Divisors(factors), 1));
        return RopeFrequencies.Llama3(
            Theta, _rotary, Factor, Native, Bounded("scaling.low_freq_factor", 1),
            Bounded("scaling.high_freq_factor", 4));
    }

    /// <summary>The frequencies of short sequences and of those of up to <paramref name="longest"/> positions.
    /// </summary>
    internal (RopeFrequencies Short, RopeFrequencies Long) LongRope(int longest)
    {
        double magnitude = Bounded("scaling.attn_factor", 1);
        RopeFrequencies Of(string tensor, double factor) => Finite(RopeFrequencies.Divided(
            "longrope", Theta, _rotary, factor, Divisors(_file.RequireTensor(tensor)), magnitude));
        return (Of(ShortFactors, 1), Of(LongFactors, (double)longest / Native));
    }

    /// <summary>Keys of extreme values lead to angles that are no numbers.</summary>
    internal RopeFrequencies Finite(RopeFrequencies frequencies) => frequencies.IsFinite
        ? frequencies
        : throw new ModelFileException(
            _metadata.Path, $"{_prefix}{(Scaling == "none" ? "freq_base" : "scaling")}",
            "must give angles that are finite numbers, but some are not");

    internal void CheckOptions()
    {
        string name = _options.PerRequest ? "--yarn" : "--rope-scale";
        if (_options is { PerRequest: true, Factor: not null })
            throw new RequestException("rope", "--yarn and --rope-scale exclude each other");
        if (_options is { PerRequest: false, Factor: null })
        {
            throw new RequestException(
                "rope", "--yarn-original is about --yarn or --rope-scale, and neither is given; leave it out");
        }

        if (Scaling is not ("none" or "yarn"))
        {
            throw new RequestException(
                "rope",
                $"{name} is YaRN, but {_file.Path} has a scaling of its own, {Scaling} ({Source}); leave it out");
        }

        if (_options.Factor is { } factor && !(factor >= 1 && Native * factor <= PositionsMax))
        {
            throw new RequestException("rope", string.Create(
                CultureInfo.InvariantCulture,
                $"--rope-scale must be 1 or more and lead to at most {PositionsMax} positions, found {factor}"));
        }
    }

    internal static void CheckPositive(GgufMetadata metadata, string place, double value)
    {
        if (!double.IsFinite(value) || value <= 0)
            throw new ModelFileException(metadata.Path, place, $"must be a positive number, found {value}");
    }

    /// <summary>Converters write no type for the factors that are tensors.</summary>
    private string ReadScaling()
    {
        string? stated = _metadata.FindString($"{_prefix}scaling.type");
        bool hasLong = _file.Tensors.TryFind(LongFactors, out _);
        bool hasLlama3 = _file.Tensors.TryFind(Llama3Factors, out _);
        string scaling = stated is null or "none" ? hasLong ? "longrope" : hasLlama3 ? "llama3" : "none" : stated;
        if (scaling is not ("none" or "linear" or "yarn" or "llama3" or "longrope"))
        {
            throw new ModelFileException(
                _metadata.Path, $"{_prefix}scaling.type",
                $"must be none, linear, yarn, llama3 or longrope, found \"{GgufCursor.Printable(scaling)}\"");
        }

        if ((hasLong && scaling != "longrope") || (hasLlama3 && scaling != "llama3"))
        {
            throw new ModelFileException(
                _metadata.Path, hasLong ? LongFactors : Llama3Factors,
                $"this tensor has no place beside the scaling {scaling}");
        }

        return scaling;
    }

    private int ReadNative(Architecture architecture, int contextLength)
    {
        string key = $"{_prefix}scaling.original_context_length";
        long native = _options.NativeContext ?? _metadata.FindInteger(key)
            ?? architecture.NativeContextOf(contextLength);
        if (native is >= 1 and <= PositionsMax)
            return (int)native;
        if (_options.NativeContext is not null)
        {
            throw new RequestException(
                "rope", $"the native context must be 1 … {PositionsMax} positions, found {native}");
        }

        throw new ModelFileException(_metadata.Path, key, $"must be 1 … {PositionsMax}, found {native}");
    }

    private float[] Divisors(TensorEntry factors)
    {
        int pairs = _rotary / 2;
        if (factors.Type != GgmlType.F32 || factors.Elements != pairs)
        {
            throw new ModelFileException(
                _file.Path, factors.Name,
                $"must hold {pairs} f32 values, found {factors.Elements} of type {factors.Type}");
        }

        float[] values = new float[pairs];
        Dequantizer.Row(GgmlType.F32, factors.Address, MemoryMarshal.CreateSpan(ref values[0], values.Length));
        foreach (float value in values)
            CheckBounded(factors.Name, value);
        return values;
    }

    private double Positive(string name, double absent)
    {
        double value = Float(name, absent);
        CheckPositive(_metadata, _prefix + name, value);
        return value;
    }

    /// <summary>A number of a scaling: one that no model has would only make angles that mean nothing.</summary>
    private double Bounded(string name, double absent)
    {
        double value = Float(name, absent);
        CheckBounded(_prefix + name, value);
        return value;
    }

    private void CheckBounded(string place, double value)
    {
        if (!(value > 0 && value <= NumberMax))
        {
            throw new ModelFileException(_metadata.Path, place, string.Create(
                CultureInfo.InvariantCulture, $"must be above 0 and at most {NumberMax}, found {value}"));
        }
    }

    private double Float(string name, double absent) => _metadata.FindFloat(_prefix + name) ?? absent;
}
