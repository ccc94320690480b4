using System.Globalization;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.Models;

/// <summary>
/// Which <see cref="RopeFrequencies"/> a sequence gets when it is admitted: one for all, or, with YaRN for each request
/// and with longrope, by the positions that it may come to. Read-only, so any thread may use it; the same length gives
/// the same object.
/// </summary>
public sealed class RopePlan
{
    /// <summary>What YaRN is stated for by those who train for it (Qwen: 32,768 to 131,072 positions).</summary>
    private const double YarnFactorMax = 4;

    /// <summary>Without a token limit an answer is expected to take this share of the native context.</summary>
    private const int ExpectedShare = 4;

    private readonly Rung[] _rungs;

    private RopePlan(int nativeContext, string source, params Rung[] rungs)
    {
        NativeContext = nativeContext;
        Source = source;
        _rungs = rungs;
    }

    /// <summary>Frequencies for sequences of at most so many positions.</summary>
    private sealed record Rung(int PositionsMax, RopeFrequencies Frequencies);

    /// <summary>The scaling of the longest sequences: "none", "linear", "yarn", "llama3" or "longrope".</summary>
    public string Scaling => _rungs[^1].Frequencies.Scaling;

    /// <summary>The factor of the longest sequences; 1 for none.</summary>
    public double Factor => _rungs[^1].Frequencies.Factor;

    /// <summary>Positions that are computed without a scaling, or that the scaling starts from.</summary>
    public int NativeContext { get; }

    /// <summary>Positions of the longest sequence.</summary>
    public int ContextMax => _rungs[^1].PositionsMax;

    /// <summary>The key, tensor or option that the scaling was recognized by.</summary>
    public string Source { get; }

    /// <summary>Pairs of lanes that turn.</summary>
    internal int Pairs => _rungs[0].Frequencies.Inverse.Length;

    /// <summary>What is done, for people.</summary>
    public string Describe()
    {
        string factor = Factor == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" ×{Factor:G6}");
        string source = Source.Length == 0 ? "" : $" ({Source})";
        string native = NativeContext.ToString("N0", CultureInfo.InvariantCulture);
        string start = Scaling == "longrope" ? $", short list to {native} tokens"
            : _rungs.Length > 1 ? $", none to {native} tokens"
            : NativeContext != ContextMax ? $", native context {native} tokens"
            : "";
        return Scaling + factor + source + start;
    }

    /// <summary>The frequencies of a sequence of <paramref name="positions"/>: its highest position plus one.</summary>
    public RopeFrequencies For(int positions) => RungFor(positions).Frequencies;

    /// <summary>
    /// The frequencies of a prompt with an answer, and how many positions both may fill with them: a sequence does not
    /// outgrow its frequencies.
    /// </summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="tokensMax">Token limit of the answer, or null for none.</param>
    /// <param name="context">Positions that the model was loaded for.</param>
    public (RopeFrequencies Frequencies, int Room) Choose(int prompt, int? tokensMax, int context)
    {
        long wanted = prompt + (long)(tokensMax ?? (NativeContext / ExpectedShare));
        Rung rung = RungFor((int)Math.Min(wanted, context));
        return (rung.Frequencies, Math.Min(rung.PositionsMax, context));
    }

    private Rung RungFor(int positions) =>
        Array.Find(_rungs, rung => positions <= rung.PositionsMax) ?? _rungs[^1];

    /// <summary>
    /// The scaling that the file states and the user asks for; throws <see cref="ModelFileException"/> on a scaling
    /// that is unknown, and <see cref="RequestException"/> where the options do not fit the file.
    /// </summary>
    /// <param name="file">The model.</param>
    /// <param name="architecture">Its row.</param>
    /// <param name="rotary">Lanes of a head that turn.</param>
    /// <param name="contextLength">Positions that the file states.</param>
    /// <param name="options">The user's wishes.</param>
    internal static RopePlan Read(
        ModelFile file, Architecture architecture, int rotary, int contextLength, RopeOptions options)
    {
        var reader = new RopeReader(file, architecture, rotary, contextLength, options);
        string scaling = reader.Scaling;
        if (options != new RopeOptions())
            reader.CheckOptions();
        if (scaling == "longrope")
        {
            int most = Math.Max(contextLength, reader.Native);
            (RopeFrequencies shortList, RopeFrequencies longList) = reader.LongRope(most);
            return new RopePlan(
                reader.Native, reader.Source, new Rung(reader.Native, shortList), new Rung(most, longList));
        }

        if (options.PerRequest)
        {
            double last = Math.Max(YarnFactorMax, reader.Factor);
            List<Rung> rungs = [new Rung(reader.Native, reader.Plain())];
            for (double factor = 2; factor < last; factor *= 2)
                rungs.Add(new Rung(reader.Times(factor), reader.Yarn(factor)));
            rungs.Add(new Rung(reader.Times(last), reader.Yarn(last)));
            return new RopePlan(reader.Native, "--yarn", [.. rungs]);
        }

        if (options.Factor is { } wanted)
            return new RopePlan(reader.Native, "--rope-scale", new Rung(reader.Times(wanted), reader.Yarn(wanted)));
        RopeFrequencies stated = scaling switch
        {
            "none" => reader.Plain(),
            "linear" => RopeFrequencies.Linear(reader.Theta, rotary, reader.Factor),
            "yarn" => reader.Yarn(reader.Factor),
            _ => reader.Llama3(),
        };
        int longest = scaling == "yarn" ? Math.Max(contextLength, reader.Times(reader.Factor)) : contextLength;
        return new RopePlan(reader.Native, reader.Source, new Rung(longest, reader.Finite(stated)));
    }

    /// <summary>
    /// The angles of layers with a window, never scaled, or null where the architecture turns all layers alike.
    /// </summary>
    internal static RopeFrequencies? ReadForWindow(GgufMetadata metadata, Architecture architecture, int rotary)
    {
        if (architecture.WindowRopeBase == 0)
            return null;
        string key = $"{architecture.Name}.rope.freq_base_swa";
        double theta = metadata.FindFloat(key) ?? architecture.WindowRopeBase;
        RopeReader.CheckPositive(metadata, key, theta);
        return RopeFrequencies.Plain(theta, rotary);
    }
}
