using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fourteen.Engine.Sampling;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Sampling;

/// <summary>Every case of golden/sampling; its README defines the steps and how vectors are compared.</summary>
public sealed class SamplingGoldenTests
{
    /// <summary>Absolute, per probability: the README's.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>
    /// Of mu and surprise in bits; the expected values are float64, our logits pass through float32 steps.
    /// </summary>
    private const double MirostatTolerance = 1e-5;

    [Fact]
    public void Sampler_OnEveryGoldenCase_GivesTheExpectedDistribution()
    {
        string folder = SharedFiles.Golden("sampling");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        JsonElement root = document.RootElement;
        float[] logits = ReadFloats(folder, root.GetProperty("logits").GetString()!); // The format has it.
        float[] expected = ReadFloats(folder, root.GetProperty("expected").GetString()!);

        var failures = new List<string>();
        int count = 0;
        foreach (JsonElement row in root.GetProperty("cases").EnumerateArray())
        {
            count++;
            string? failure = Check(row, logits, expected);
            if (failure is not null)
                failures.Add($"case {row.GetProperty("index")} ({row.GetProperty("name")}): {failure}");
        }

        Assert.True(count > 0, "cases.json lists no case");
        Assert.True(
            failures.Count == 0, $"{failures.Count} of {count} failed:\n{string.Join('\n', failures.Take(10))}");
        GoldenCount.Record("sampling", count);
    }

    private static string? Check(JsonElement row, float[] allLogits, float[] allExpected)
    {
        int vocabulary = row.GetProperty("vocab").GetInt32();
        float[] logits = allLogits.AsSpan(row.GetProperty("logits_offset_floats").GetInt32(), vocabulary).ToArray();
        int expectedOffset = row.GetProperty("expected_offset_floats").GetInt32();
        float[] expected = allExpected.AsSpan(expectedOffset, vocabulary).ToArray();
        Sampler sampler = MakeSampler(row, vocabulary);
        var actual = new double[vocabulary];
        sampler.Distribution([.. logits], actual);

        double[] wanted = [.. expected.Select(p => (double)p)];
        string? failure = CheckDraw(row, logits, actual) ?? CheckMirostat(row, actual);
        if (row.GetProperty("compare").GetString() == "sorted")
        {
            Array.Sort(wanted);
            Array.Sort(actual);
        }

        for (int id = 0; id < vocabulary; id++)
        {
            if (Math.Abs(wanted[id] - actual[id]) > Tolerance)
                failure ??= $"token {id}: expected {wanted[id]}, found {actual[id]}";
            if (wanted[id] > 0 != actual[id] > 0 && wanted[id] != (float)actual[id]) // float32 rounds tiny ones to 0.
                failure ??= $"token {id}: kept {actual[id] > 0}, expected {wanted[id] > 0}";
        }

        int kept = actual.Count(p => p > 0);
        if (kept != row.GetProperty("kept").GetInt32())
            failure ??= $"kept {kept} tokens, expected {row.GetProperty("kept")}";
        return failure;
    }

    /// <summary>A draw takes the same chain: it gives a kept token, and each token its share of the draws.</summary>
    private static string? CheckDraw(JsonElement row, float[] logits, double[] distribution)
    {
        const int Draws = 300;
        var counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++)
            counts[MakeSampler(row, logits.Length).Sample([.. logits], (ulong)i)]++;
        for (int id = 0; id < logits.Length; id++)
        {
            double mean = Draws * distribution[id];
            double deviation = Math.Sqrt(mean * (1 - distribution[id]));
            if (distribution[id] == 0 && counts[id] > 0)
                return $"token {id} was drawn, its probability is 0";
            if (Math.Abs(counts[id] - mean) > 6 * deviation + 2)
                return $"token {id} was drawn {counts[id]} times, expected about {mean:F1} of {Draws}";
        }

        return null;
    }

    private static string? CheckMirostat(JsonElement row, double[] distribution)
    {
        if (!row.TryGetProperty("mu_after", out JsonElement steps))
            return null;
        JsonElement options = row.GetProperty("params").GetProperty("mirostat_v2");
        foreach (JsonElement step in steps.EnumerateArray())
        {
            double mu = Sampler.MuAfter(
                options.GetProperty("mu").GetDouble(),
                options.GetProperty("tau").GetDouble(),
                options.GetProperty("eta").GetDouble(),
                distribution[step.GetProperty("sampled").GetInt32()]);
            if (Math.Abs(mu - step.GetProperty("mu").GetDouble()) > MirostatTolerance)
                return $"mu after {step.GetProperty("sampled")}: expected {step.GetProperty("mu")}, found {mu}";
        }

        return null;
    }

    private static Sampler MakeSampler(JsonElement row, int vocabulary)
    {
        JsonElement history = row.GetProperty("history");
        int[] prompt = [.. history.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32())];
        var sampler = new Sampler(ReadOptions(row), vocabulary, vocabulary, prompt);
        foreach (JsonElement id in history.GetProperty("output").EnumerateArray())
            sampler.Accept(id.GetInt32());
        return sampler;
    }

    private static SamplingOptions ReadOptions(JsonElement row)
    {
        var options = new SamplingOptions
        {
            Seed = 14,
            Order = [.. row.GetProperty("order").EnumerateArray().Select(name => ReadStep(name.GetString()!))],
        };
        foreach (JsonProperty parameter in row.GetProperty("params").EnumerateObject())
            options = Set(options, parameter);
        return options;
    }

    private static SamplingOptions Set(SamplingOptions options, JsonProperty parameter) => parameter.Name switch
    {
        "temperature" => options with { Temperature = parameter.Value.GetDouble() },
        "top_k" => options with { TopK = parameter.Value.GetInt32() },
        "top_p" => options with { TopP = parameter.Value.GetDouble() },
        "min_p" => options with { MinP = parameter.Value.GetDouble() },
        "typical_p" => options with { TypicalP = parameter.Value.GetDouble() },
        "top_n_sigma" => options with { TopNSigma = parameter.Value.GetDouble() },
        "repetition_penalty" => options with { RepetitionPenalty = parameter.Value.GetDouble() },
        "frequency_penalty" => options with { FrequencyPenalty = parameter.Value.GetDouble() },
        "presence_penalty" => options with { PresencePenalty = parameter.Value.GetDouble() },
        "logit_bias" => options with
        {
            LogitBias = parameter.Value.EnumerateObject().ToDictionary(
                bias => int.Parse(bias.Name, CultureInfo.InvariantCulture), bias => ReadBias(bias.Value)),
        },
        "mirostat_v2" => options with
        {
            MirostatMu = parameter.Value.GetProperty("mu").GetDouble(),
            MirostatTau = parameter.Value.GetProperty("tau").GetDouble(),
            MirostatEta = parameter.Value.GetProperty("eta").GetDouble(),
        },
        _ => throw new InvalidDataException($"The case has the unknown parameter {parameter.Name}."),
    };

    private static double ReadBias(JsonElement bias) =>
        bias.ValueKind == JsonValueKind.String ? double.NegativeInfinity : bias.GetDouble();

    private static SamplingStep ReadStep(string name) => name switch
    {
        "logit_bias" => SamplingStep.LogitBias,
        "repetition_penalty" => SamplingStep.RepetitionPenalty,
        "frequency_penalty" => SamplingStep.FrequencyPenalty,
        "presence_penalty" => SamplingStep.PresencePenalty,
        "top_n_sigma" => SamplingStep.TopNSigma,
        "temperature" => SamplingStep.Temperature,
        "typical_p" => SamplingStep.TypicalP,
        "min_p" => SamplingStep.MinP,
        "top_k" => SamplingStep.TopK,
        "top_p" => SamplingStep.TopP,
        "mirostat_v2" => SamplingStep.Mirostat,
        _ => throw new InvalidDataException($"The case has the unknown step {name}."),
    };

    private static float[] ReadFloats(string folder, string name) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, name))).ToArray();
}
