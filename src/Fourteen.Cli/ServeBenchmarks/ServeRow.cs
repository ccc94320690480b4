using System.Text.Json;

namespace Fourteen.Cli.ServeBenchmarks;

/// <summary>What so many clients at once saw.</summary>
/// <param name="TokensPerSecond">Generated tokens of all clients over the whole time, prompts included.</param>
/// <param name="DecodeTokensPerSecond">The same while all of them generated.</param>
/// <param name="EngineRate">What the engine generates by itself with as many sequences.</param>
/// <param name="FirstMs">From a request to its first piece.</param>
/// <param name="GapMs">Between two pieces.</param>
internal sealed record ServeRow(
    int Clients, int Requests, double TokensPerSecond, double DecodeTokensPerSecond, double EngineRate,
    Percentiles FirstMs, Percentiles GapMs);

/// <summary>What streams saw while a long prompt was read.</summary>
/// <param name="FirstStreamMs">The gaps of one of them, in order of time.</param>
internal sealed record LongPromptResult(double FirstMs, Percentiles GapMs, IReadOnlyList<double> FirstStreamMs);

/// <summary>A few of a distribution's values.</summary>
internal readonly record struct Percentiles(double P50, double P95, double P99, double Max)
{
    /// <param name="sorted">Ascending; none gives zeros.</param>
    internal static Percentiles Of(double[] sorted)
    {
        double At(double share) =>
            sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
        return new Percentiles(At(0.5), At(0.95), At(0.99), At(1));
    }

    internal void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteNumber("p50", P50);
        json.WriteNumber("p95", P95);
        json.WriteNumber("p99", P99);
        json.WriteNumber("max", Max);
        json.WriteEndObject();
    }
}
