using System.Globalization;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Limits;

namespace Fourteen.Cli.Benchmarks;

/// <summary>What a machine is and can do, as lines for people.</summary>
internal static class MachineFacts
{
    public static (string Label, string Value) OfProcessor => ("processor", string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor.Name}, {Environment.ProcessorCount} threads; paths "
        + $"{string.Join(", ", Processor.Paths.Select(BenchReport.Name))}; "
        + $"{BenchReport.Name(Isa.Selected)} is in use"));

    /// <param name="nanoseconds">What <see cref="CoreBounce"/> measured.</param>
    public static (string Label, string Value) OfCores(double? nanoseconds) => ("cores", nanoseconds switch
    {
        null when Environment.ProcessorCount < 2 => "one",
        null => "too busy to tell whether two threads share one",
        < CoreBounce.SharedCoreNanosecondsMax => string.Create(
            CultureInfo.InvariantCulture,
            $"a cache line goes there and back in {nanoseconds:F0} ns: two threads of one core"),
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"a cache line goes there and back in {nanoseconds:F0} ns: separate cores"),
    });

    /// <param name="hasHugePages">Null where the system does not say.</param>
    public static (string Label, string Value) OfLimits(int threads, LimitSample limits, bool? hasHugePages) => (
        "limits", string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread{(threads == 1 ? "" : "s")}: memory {limits.Bandwidth.Huge:F1} GB/s in huge pages"
            + $"{(hasHugePages == false ? " (which the system did not grant)" : "")}, {limits.Bandwidth.Plain:F1} in "
            + $"plain ones; int8 {limits.GigaOperations:F0} GOPS"));
}
