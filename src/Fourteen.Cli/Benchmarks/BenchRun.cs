using Fourteen.Cli.Output;
using Fourteen.Engine.Benchmarks;
using Fourteen.Kernels.Limits;

namespace Fourteen.Cli.Benchmarks;

/// <summary>
/// Times a model: every test with every number of threads, and the limits of the machine before and after each, since
/// shared machines change within minutes.
/// </summary>
internal sealed class BenchRun(BenchSettings settings, StandardStreams streams)
{
    private readonly BenchReport _report = new(streams, settings);

    /// <summary>Runs all tests and prints their rows.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (settings.Tests.Count == 0)
            throw new UsageException("nothing is left to time: -p and -n are 0");
        PeerProgram? peer = settings.PeerPath is null ? null : PeerProgram.Open(settings);
        string name = settings.Synthetic?.Name
            ?? Path.GetFileName(ModelTimer.FileOf(settings)!); // A model that is not synthetic is a file.
        double? bounce = CoreBounce.Measure();
        using var bandwidth = new MemoryBandwidth();
        _report.Facts(MachineFacts.OfProcessor, MachineFacts.OfCores(bounce));
        if (peer is not null)
            _report.Facts(("peer", peer.Describe()));
        int most = settings.Threads.Max();
        LimitSample limitsOfMost = default;
        foreach (int threads in settings.Threads)
        {
            using var limits = new MachineLimits(threads, bandwidth);
            LimitSample sample = limits.Sample();
            _report.Facts(MachineFacts.OfLimits(threads, sample, bandwidth.HasHugePages));
            if (peer is null)
                await RunAloneAsync(limits, sample, cancellation);
            else
                await RunInTurnAsync(peer, limits, cancellation);
            if (threads == most)
                limitsOfMost = limits.Typical;
        }

        _report.Finish(name, most, limitsOfMost, bounce);
    }

    private async Task RunAloneAsync(MachineLimits limits, LimitSample before, CancellationToken cancellation)
    {
        using ModelTimer timer = await ModelTimer.LoadAsync(settings, limits.Threads, streams, cancellation);
        _report.Facts(("model", timer.Describe()));
        foreach (BenchmarkTest test in settings.Tests)
        {
            IReadOnlyList<BenchmarkRound> rounds =
                await timer.MeasureAsync(test, settings.Repetitions, cancellation);
            LimitSample after = limits.Sample();
            _report.Add(new BenchRow(
                test, limits.Threads, rounds, LimitSample.Mean(before, after), ModelTimer.PeakBytes));
            before = after;
        }
    }

    /// <summary>
    /// Repetition by repetition all tests of one and then of the other, who goes first by turns. Each loads the model
    /// anew, so that it has the machine's memory to itself.
    /// </summary>
    private async Task RunInTurnAsync(PeerProgram peer, MachineLimits limits, CancellationToken cancellation)
    {
        IReadOnlyList<BenchmarkTest> tests = settings.Tests;
        List<BenchmarkRound>[] ours = [.. tests.Select(_ => new List<BenchmarkRound>())];
        List<double>[] theirs = [.. tests.Select(_ => new List<double>())];
        using var progress = new ProgressLine(streams, "repetitions in turn");
        for (int turn = 0; turn < 2 * settings.Repetitions; turn++)
        {
            progress.Report(turn, 2 * settings.Repetitions);
            bool isOurs = turn % 4 is 0 or 3;
            if (isOurs)
                await AddOursAsync(tests, ours, limits.Threads, cancellation);
            else
                await AddTheirsAsync(peer, tests, theirs, limits.Threads, cancellation);
            if (turn % 2 == 1)
                limits.Sample();
        }

        for (int i = 0; i < tests.Count; i++)
        {
            _report.Add(new BenchRow(tests[i], limits.Threads, ours[i], limits.Typical, ModelTimer.PeakBytes)
            {
                PeerRates = theirs[i],
            });
        }
    }

    private async Task AddOursAsync(
        IReadOnlyList<BenchmarkTest> tests, List<BenchmarkRound>[] rounds, int threads, CancellationToken cancellation)
    {
        using ModelTimer timer = await ModelTimer.LoadAsync(settings, threads, streams, cancellation);
        for (int i = 0; i < tests.Count; i++)
            rounds[i].AddRange(await timer.MeasureAsync(tests[i], 1, cancellation));
    }

    private static async Task AddTheirsAsync(
        PeerProgram peer, IReadOnlyList<BenchmarkTest> tests, List<double>[] rates, int threads,
        CancellationToken cancellation)
    {
        IReadOnlyList<PeerRow> rows = await peer.RunAsync(threads, cancellation);
        for (int i = 0; i < tests.Count; i++)
            rates[i].Add(peer.Find(rows, tests[i]));
    }
}
