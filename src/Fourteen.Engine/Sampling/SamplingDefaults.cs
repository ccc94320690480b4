using Fourteen.Engine.Models;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Sampling;

/// <summary>How a model's tokens are drawn where the user says nothing, and where these numbers come from.</summary>
public sealed record SamplingDefaults(double Temperature, int TopK, double TopP, double MinP, string Source)
{
    /// <summary>Qwen's recommendation for answers with a thought; greedy decoding would repeat without end.</summary>
    private static readonly SamplingDefaults Thinking = new(0.6, 20, 0.95, 0, "Qwen's recommendation for thinking");

    /// <summary>Qwen's recommendation for answers without a thought.</summary>
    private static readonly SamplingDefaults Direct = new(0.7, 20, 0.8, 0, "Qwen's recommendation without thinking");

    /// <summary>For models of which nothing is known: what llama.cpp takes.</summary>
    private static readonly SamplingDefaults General =
        new(0.8, 40, 0.95, 0.05, "llama.cpp's defaults; the file has none");

    /// <summary>
    /// The defaults of a model: Qwen3's by mode, since its files carry one set for both; else what the file says; else
    /// general ones.
    /// </summary>
    public static SamplingDefaults Of(ModelFile file, bool thinks)
    {
        SamplingDefaults known = General;
        if (file.Metadata.FindString("general.architecture") is "qwen3" or "qwen3moe")
            known = thinks ? Thinking : Direct;
        double? temperature = Find(file, "temperature", "temp");
        double? topK = Find(file, "top_k", "top_k"), topP = Find(file, "top_p", "top_p");
        double? minP = Find(file, "min_p", "min_p");
        if (known != General || (temperature ?? topK ?? topP ?? minP) is null)
            return known;
        return new SamplingDefaults(temperature ?? 1, (int)(topK ?? 0), topP ?? 1, minP ?? 0, "the model's file");
    }

    /// <summary>The user's settings over these defaults.</summary>
    public SamplingOptions Apply(SamplingSettings settings, ulong seed) => new()
    {
        Temperature = settings.Temperature ?? Temperature,
        TopK = settings.TopK ?? TopK,
        TopP = settings.TopP ?? TopP,
        MinP = settings.MinP ?? MinP,
        TypicalP = settings.TypicalP ?? 1,
        TopNSigma = settings.TopNSigma ?? 0,
        RepetitionPenalty = settings.RepetitionPenalty ?? 1,
        PresencePenalty = settings.PresencePenalty ?? 0,
        FrequencyPenalty = settings.FrequencyPenalty ?? 0,
        LogitBias = settings.LogitBias ?? new Dictionary<int, double>(),
        Seed = seed,
    };

    /// <summary>From generation_config.json of a folder, or from the GGUF keys that converters write of it.</summary>
    private static double? Find(ModelFile file, string name, string ggufName) =>
        file.Metadata.FindFloat($"fourteen.sampling.{name}") ?? file.Metadata.FindFloat($"general.sampling.{ggufName}");
}
