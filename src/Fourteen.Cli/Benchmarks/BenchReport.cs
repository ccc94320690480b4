using System.Text.Json;
using Fourteen.Cli.Output;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Limits;

namespace Fourteen.Cli.Benchmarks;

/// <summary>
/// Prints what was measured: rows as they come as a table for people or as CSV, or all of them as one JSON document at
/// the end.
/// </summary>
internal sealed class BenchReport(StandardStreams streams, BenchSettings settings)
{
    /// <summary>Of the longest label, so that all values stand below each other.</summary>
    private const int LabelColumns = 9;

    private readonly List<BenchRow> _rows = [];
    private bool _hasHead;

    private bool HasPeer => settings.PeerPath is not null;

    /// <summary>Facts for people, above the table.</summary>
    public void Facts(params (string Label, string Value)[] facts)
    {
        if (settings.Format != BenchFormat.Table)
            return;
        FactList.Print(streams, [.. facts.Select(fact => (fact.Label.PadRight(LabelColumns), fact.Value))]);
        streams.Output.Flush();
        _hasHead = false; // More rows get a head of their own.
    }

    public void Add(BenchRow row)
    {
        _rows.Add(row);
        if (settings.Format == BenchFormat.Json)
            return;
        bool isTable = settings.Format == BenchFormat.Table;
        if (!_hasHead)
            streams.Output.WriteLine(isTable ? BenchLines.TableHead(HasPeer) : BenchLines.CsvHead);
        _hasHead = true;
        streams.Output.WriteLine(isTable ? BenchLines.TableLine(row) : BenchLines.CsvLine(row));
        streams.Output.Flush();
    }

    /// <summary>The JSON document, where that is the format.</summary>
    /// <param name="threads">The largest number of threads, which the limits are of.</param>
    /// <param name="bounce">What <see cref="CoreBounce"/> measured.</param>
    public void Finish(string model, int threads, LimitSample limits, double? bounce)
    {
        if (settings.Format != BenchFormat.Json)
            return;
        JsonLine.Print(streams, writer =>
        {
            WriteMachine(writer, bounce);
            writer.WriteString("model", model);
            writer.WriteNumber("bandwidth_gbs", BenchLines.Round(limits.Bandwidth.Best));
            writer.WriteNumber("bandwidth_huge_gbs", BenchLines.Round(limits.Bandwidth.Huge));
            writer.WriteNumber("bandwidth_plain_gbs", BenchLines.Round(limits.Bandwidth.Plain));
            writer.WriteNumber("int8_gops", BenchLines.Round(limits.GigaOperations));
            writer.WriteNumber("limits_threads", threads);
            if (HasPeer)
            {
                writer.WriteString("peer", settings.PeerPath);
                writer.WriteString("peer_args", string.Join(' ', settings.PeerArguments));
            }

            writer.WriteStartArray("rows");
            foreach (BenchRow row in _rows)
                Write(writer, row);
            writer.WriteEndArray();
        });
    }

    /// <summary>The machine as an object of a JSON document.</summary>
    public static void WriteMachine(Utf8JsonWriter writer, double? bounce)
    {
        writer.WriteStartObject("machine");
        writer.WriteString("processor", Processor.Name);
        writer.WriteNumber("threads", Environment.ProcessorCount);
        writer.WriteString("path", Name(Isa.Selected));
        writer.WriteStartArray("paths");
        foreach (IsaPath path in Processor.Paths)
            writer.WriteStringValue(Name(path));
        writer.WriteEndArray();
        if (bounce is { } nanoseconds)
            writer.WriteNumber("bounce_ns", BenchLines.Round(nanoseconds));
        writer.WriteEndObject();
    }

    /// <summary>A path as <c>FOURTEEN_ISA</c> names it.</summary>
    public static string Name(IsaPath path) => path.ToString().ToLowerInvariant();

    private static void Write(Utf8JsonWriter writer, BenchRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("test", row.Test.Name);
        writer.WriteNumber("tokens_per_second", BenchLines.Round(row.TokensPerSecond));
        writer.WriteNumber("stddev", BenchLines.Round(row.Deviation));
        writer.WriteNumber("gb_per_second", BenchLines.Round(row.GigabytesPerSecond));
        writer.WriteNumber("bandwidth_share", BenchLines.Round(row.BandwidthShare));
        writer.WriteNumber("int8_share", BenchLines.Round(row.OperationShare));
        writer.WriteNumber("batch", row.Test.Batch);
        writer.WriteNumber("depth", row.Test.Depth);
        writer.WriteNumber("threads", row.Threads);
        writer.WriteNumber("bandwidth_gbs", BenchLines.Round(row.Limits.Bandwidth.Best));
        writer.WriteNumber("int8_gops", BenchLines.Round(row.Limits.GigaOperations));
        writer.WriteNumber("peak_bytes", row.PeakBytes);
        writer.WriteStartArray("samples");
        foreach (double rate in row.Rounds.Select(round => round.TokensPerSecond))
            writer.WriteNumberValue(BenchLines.Round(rate));
        writer.WriteEndArray();
        if (row.PeerRates.Count > 0)
        {
            writer.WriteNumber("peer_tokens_per_second", BenchLines.Round(row.PeerRates.Average()));
            writer.WriteNumber("ratio", BenchLines.Round(Median.Of(row.Ratios)));
            writer.WriteNumber("ratio_least", BenchLines.Round(row.Ratios[0]));
            writer.WriteNumber("ratio_most", BenchLines.Round(row.Ratios[^1]));
        }

        writer.WriteEndObject();
    }
}
