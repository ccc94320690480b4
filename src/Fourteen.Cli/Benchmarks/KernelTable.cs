using System.Globalization;
using System.Text.Json;
using Fourteen.Cli.Output;
using Fourteen.Engine.Benchmarks;
using Fourteen.Formats;
using Fourteen.Kernels.Limits;

namespace Fourteen.Cli.Benchmarks;

/// <summary>Times the product of each weight type on each path and prints a line for each.</summary>
internal sealed class KernelTable(BenchSettings settings, StandardStreams streams)
{
    private const string CsvHead =
        "type,path,threads,gb_per_second,bandwidth_share,gops_8,gops_64,int8_share,int8_gops,bandwidth_gbs";

    private sealed record Row(KernelRate Rate, int Threads, double Peak, double Bandwidth)
    {
        /// <summary>Of the memory's bandwidth at one token.</summary>
        internal double BandwidthShare => Rate.GigabytesPerSecond / Bandwidth;

        /// <summary>Of the path's own 8-bit peak at most tokens; null where products are of floats.</summary>
        internal double? OperationShare => Rate.IsInteger ? Rate.Rates[^1] / Peak : null;
    }

    public void Run(CancellationToken cancellation)
    {
        double? bounce = CoreBounce.Measure();
        using var bandwidth = new MemoryBandwidth();
        var facts = new BenchReport(streams, settings);
        facts.Facts(MachineFacts.OfProcessor, MachineFacts.OfCores(bounce));
        if (settings.Format == BenchFormat.Csv)
            streams.Output.WriteLine(CsvHead);
        List<Row> rows = [];
        foreach (int threads in settings.Threads)
        {
            using var limits = new MachineLimits(threads, bandwidth);
            facts.Facts(MachineFacts.OfLimits(threads, limits.Sample(), bandwidth.HasHugePages));
            PrintTableHead();
            rows.AddRange(RunTypes(limits, cancellation));
        }

        if (settings.Format == BenchFormat.Json)
            JsonLine.Print(streams, writer => Write(writer, rows, bounce));
    }

    private List<Row> RunTypes(MachineLimits limits, CancellationToken cancellation)
    {
        List<Row> rows = [];
        double[] peaks = [.. Processor.Paths.Select(limits.Peak)];
        for (int i = 0; i < settings.Types.Count; i++)
        {
            GgmlType type = settings.Types[i];
            IReadOnlyList<KernelRate> rates;
            using (var progress = new ProgressLine(streams, $"timing {type}"))
            {
                rates = KernelBenchmark.Measure(
                    type, Processor.Paths, limits.Pool, () => progress.Report(i, settings.Types.Count), cancellation);
            }

            double bandwidth = limits.Sample().Bandwidth.Best;
            foreach ((KernelRate rate, double peak) in rates.Zip(peaks))
            {
                var row = new Row(rate, limits.Threads, peak, bandwidth);
                rows.Add(row);
                Print(row);
            }

            streams.Output.Flush();
        }

        return rows;
    }

    private void PrintTableHead()
    {
        if (settings.Format != BenchFormat.Table)
            return;
        streams.Output.WriteLine($"\n{"",-20}{"one token",20}{"8 tokens",14}{"64 tokens",22}");
        streams.Output.WriteLine(
            $"{"type",-9}{"path",-11}{"GB/s",12}{"memory",8}{"GOPS",14}{"GOPS",14}{"int8",8}");
    }

    private void Print(Row row)
    {
        KernelRate rate = row.Rate;
        string path = BenchReport.Name(rate.Path);
        string share = row.OperationShare is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"{known * 100:F0} %") : "–";
        switch (settings.Format)
        {
            case BenchFormat.Table:
                streams.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rate.Type,-9}{path,-11}{rate.GigabytesPerSecond,12:F1}{row.BandwidthShare * 100,6:F0} %"
                    + $"{rate.Rates[0],14:F0}{rate.Rates[^1],14:F0}{share,8}"));
                break;
            case BenchFormat.Csv:
                double?[] numbers =
                [
                    rate.GigabytesPerSecond, row.BandwidthShare, .. rate.Rates.Select(number => (double?)number),
                    row.OperationShare, row.Peak, row.Bandwidth,
                ];
                IEnumerable<string> cells = numbers.Select(number => number is { } value
                    ? BenchLines.Round(value).ToString(CultureInfo.InvariantCulture) : "");
                streams.Output.WriteLine($"{rate.Type},{path},{row.Threads},{string.Join(',', cells)}");
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, List<Row> rows, double? bounce)
    {
        BenchReport.WriteMachine(writer, bounce);
        writer.WriteStartArray("kernels");
        foreach (Row row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("type", row.Rate.Type.ToString());
            writer.WriteString("path", BenchReport.Name(row.Rate.Path));
            writer.WriteNumber("threads", row.Threads);
            writer.WriteNumber("gb_per_second", BenchLines.Round(row.Rate.GigabytesPerSecond));
            writer.WriteNumber("bandwidth_share", BenchLines.Round(row.BandwidthShare));
            for (int i = 0; i < KernelBenchmark.TokenCounts.Count; i++)
                writer.WriteNumber($"gops_{KernelBenchmark.TokenCounts[i]}", BenchLines.Round(row.Rate.Rates[i]));
            if (row.OperationShare is { } share)
                writer.WriteNumber("int8_share", BenchLines.Round(share));
            writer.WriteNumber("int8_gops", BenchLines.Round(row.Peak));
            writer.WriteNumber("bandwidth_gbs", BenchLines.Round(row.Bandwidth));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
