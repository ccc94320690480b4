using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Limits;
using Fourteen.Kernels.Workers;

namespace Fourteen.Cli.Benchmarks;

/// <summary>What a number of threads can do at most, measured at one time.</summary>
/// <param name="Bandwidth">Of reading memory.</param>
/// <param name="GigaOperations">10⁹ 8-bit operations a second of the path in use.</param>
internal readonly record struct LimitSample(BandwidthSample Bandwidth, double GigaOperations)
{
    /// <summary>The mean of what was measured before and after something.</summary>
    public static LimitSample Mean(LimitSample a, LimitSample b) => new(
        new BandwidthSample(
            (a.Bandwidth.Huge + b.Bandwidth.Huge) / 2, (a.Bandwidth.Plain + b.Bandwidth.Plain) / 2),
        (a.GigaOperations + b.GigaOperations) / 2);
}

/// <summary>Measures the limits of this machine with a number of threads, again and again.</summary>
/// <param name="threads">Workers, the calling thread included.</param>
/// <param name="bandwidth">Stays the caller's.</param>
internal sealed class MachineLimits(int threads, MemoryBandwidth bandwidth) : IDisposable
{
    /// <summary>Memory that measuring takes, which is none of the model's.</summary>
    public const long OwnBytes = 2 * MemoryBandwidth.BufferBytes;

    private readonly List<LimitSample> _samples = [];

    public int Threads { get; } = threads;

    /// <summary>The workers, for measuring kernels beside the limits.</summary>
    public WorkerPool Pool { get; } = new(threads);

    /// <summary>The medians of all samples; there must be one.</summary>
    public LimitSample Typical => new(
        new BandwidthSample(
            Median.Of([.. _samples.Select(sample => sample.Bandwidth.Huge)]),
            Median.Of([.. _samples.Select(sample => sample.Bandwidth.Plain)])),
        Median.Of([.. _samples.Select(sample => sample.GigaOperations)]));

    /// <summary>Measures: a fifth of a second.</summary>
    public LimitSample Sample()
    {
        var sample = new LimitSample(bandwidth.Measure(Pool), Peak(Isa.Selected));
        _samples.Add(sample);
        return sample;
    }

    /// <summary>10⁹ operations a second of a path.</summary>
    public double Peak(IsaPath path) => ByteProductPeak.Measure(path, Pool);

    public void Dispose() => Pool.Dispose();
}
