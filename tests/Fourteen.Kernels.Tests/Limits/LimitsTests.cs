using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Limits;
using Fourteen.Kernels.Workers;
using Xunit;

namespace Fourteen.Kernels.Tests.Limits;

/// <summary>Measurements end and give numbers; which ones is the machine's affair.</summary>
public sealed class LimitsTests
{
    public static TheoryData<IsaPath> Paths => [.. Processor.Paths];

    [Theory, MemberData(nameof(Paths))]
    public void Peak_OfEveryPath_IsANumber(IsaPath path)
    {
        using var pool = new WorkerPool(2);

        double rate = ByteProductPeak.Measure(path, pool);

        Assert.True(rate > 0 && double.IsFinite(rate), $"{rate}");
    }

    [Fact]
    public void Bandwidth_OfBothKinds_IsANumber()
    {
        using var pool = new WorkerPool(2);
        using var bandwidth = new MemoryBandwidth();

        BandwidthSample sample = bandwidth.Measure(pool);

        Assert.True(sample.Huge > 0 && double.IsFinite(sample.Huge), $"{sample}");
        Assert.True(sample.Plain > 0 && double.IsFinite(sample.Plain), $"{sample}");
        Assert.Equal(Math.Max(sample.Huge, sample.Plain), sample.Best);
    }

    [Fact]
    public void Bandwidth_AfterItsDisposal_IsRefused()
    {
        using var pool = new WorkerPool(1);
        var bandwidth = new MemoryBandwidth();
        bandwidth.Dispose();
        bandwidth.Dispose();

        Assert.Throws<ObjectDisposedException>(() => bandwidth.Measure(pool));
    }

    [Fact]
    public void Bounce_OfACacheLine_IsANumberOrUnknown() => Assert.True((CoreBounce.Measure() ?? 1) > 0);

    [Fact]
    public void Paths_OfTheProcessor_EndWithTheScalarOne()
    {
        Assert.NotEmpty(Processor.Name);
        Assert.Equal(IsaPath.Scalar, Processor.Paths[^1]);
        Assert.All(Processor.Paths, path => Assert.True(Isa.IsSupported(path)));
    }

    [Theory]
    [InlineData(new[] { 3.0 }, 3)]
    [InlineData(new[] { 9.0, 1, 5 }, 5)]
    [InlineData(new[] { 4.0, 1, 2, 3 }, 3)]
    public void Median_IsTheMiddleOne(double[] values, double median) => Assert.Equal(median, Median.Of(values));
}
