using System.Globalization;
using Fourteen.Kernels.Limits;

namespace Fourteen.Cli.Benchmarks;

/// <summary>A result as a line of a table, of at most 80 columns, or of CSV.</summary>
internal static class BenchLines
{
    public const string CsvHead =
        "test,threads,batch,depth,tokens_per_second,stddev,gb_per_second,bandwidth_share,int8_share,bandwidth_gbs,"
        + "int8_gops,peak_bytes,peer_tokens_per_second,ratio,ratio_least,ratio_most";

    public static string TableHead(bool hasPeer) => hasPeer
        ? $"\n{"test",-20}{"threads",7}{"tokens/s",19}{"peer",10}{"ratio",8}{"least – most",16}"
        : $"\n{"test",-20}{"threads",7}{"tokens/s",19}{"GB/s",7}{"memory",8}{"int8",7}{"peak MiB",10}";

    public static string TableLine(BenchRow row)
    {
        string start = string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Label,-20}{row.Threads,7}{$"{Short(row.TokensPerSecond)} ± {Short(row.Deviation)}",19}");
        return start + (row.PeerRates.Count > 0
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{Short(row.PeerRates.Average()),10}{Ratio(Median.Of(row.Ratios)),8}"
                + $"{$"{Ratio(row.Ratios[0])} – {Ratio(row.Ratios[^1])}",16}")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{row.GigabytesPerSecond,7:F1}{row.BandwidthShare * 100,6:F0} %{row.OperationShare * 100,5:F0} %"
                + $"{row.PeakBytes >> 20,10}"));
    }

    public static string CsvLine(BenchRow row)
    {
        double[] numbers =
        [
            row.TokensPerSecond, row.Deviation, row.GigabytesPerSecond, row.BandwidthShare, row.OperationShare,
            row.Limits.Bandwidth.Best, row.Limits.GigaOperations,
        ];
        double[] peer = row.PeerRates.Count == 0
            ? [] : [row.PeerRates.Average(), Median.Of(row.Ratios), row.Ratios[0], row.Ratios[^1]];
        string[] cells =
        [
            row.Test.Name, Text(row.Threads), Text(row.Test.Batch), Text(row.Test.Depth), .. numbers.Select(Text),
            row.PeakBytes.ToString(CultureInfo.InvariantCulture),
            .. peer.Length == 0 ? ["", "", "", ""] : peer.Select(Text),
        ];
        return string.Join(',', cells);
    }

    /// <summary>Four significant digits: more say nothing.</summary>
    public static double Round(double value) =>
        double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => Round(value).ToString(CultureInfo.InvariantCulture);

    /// <summary>Two digits behind the point, or one where the number is large.</summary>
    private static string Short(double value) =>
        value.ToString(value < 1000 ? "F2" : "F1", CultureInfo.InvariantCulture);

    private static string Ratio(double value) =>
        value.ToString(value < 100 ? "F2" : "F0", CultureInfo.InvariantCulture);
}
