using System.Globalization;
using Fourteen.Engine.Benchmarks;

namespace Fourteen.Cli.Benchmarks;

/// <summary>A test's result.</summary>
/// <param name="Limits">What the machine could do while it ran.</param>
/// <param name="PeakBytes">The most memory that the process had resident until its end, without that of measuring.
/// </param>
internal sealed record BenchRow(
    BenchmarkTest Test, int Threads, IReadOnlyList<BenchmarkRound> Rounds, LimitSample Limits, long PeakBytes)
{
    /// <summary>The peer's rates in the same repetitions; none where there is no peer.</summary>
    public IReadOnlyList<double> PeerRates { get; init; } = [];

    public double TokensPerSecond => Rounds.Average(round => round.TokensPerSecond);

    /// <summary>Of one repetition, estimated from all; 0 where there is one.</summary>
    public double Deviation
    {
        get
        {
            double mean = TokensPerSecond;
            double squares = Rounds.Sum(round => Math.Pow(round.TokensPerSecond - mean, 2));
            return Rounds.Count < 2 ? 0 : Math.Sqrt(squares / (Rounds.Count - 1));
        }
    }

    public double GigabytesPerSecond => Rounds.Average(round => round.GigabytesPerSecond);

    public double GigaOperationsPerSecond => Rounds.Average(round => round.GigaOperationsPerSecond);

    /// <summary>Of the memory's bandwidth.</summary>
    public double BandwidthShare => GigabytesPerSecond / Limits.Bandwidth.Best;

    /// <summary>Of the peak of 8-bit operations.</summary>
    public double OperationShare => GigaOperationsPerSecond / Limits.GigaOperations;

    /// <summary>Our rate over the peer's in each repetition, ascending.</summary>
    public IReadOnlyList<double> Ratios =>
        [.. Rounds.Zip(PeerRates, (round, peer) => round.TokensPerSecond / peer).Order()];

    /// <summary>The test as people read it: <c>tg64 ×4 @ d4096</c>.</summary>
    public string Label => string.Create(
        CultureInfo.InvariantCulture,
        $"{Test.Name}{(Test.Batch > 1 ? $" ×{Test.Batch}" : "")}{(Test.Depth > 0 ? $" @ d{Test.Depth}" : "")}");
}
