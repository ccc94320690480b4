using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Fourteen.Server.Metrics;

/// <summary>
/// Prometheus' text format over the instruments of one meter, and gauges that are read when the page is asked for.
/// Any thread may measure and read.
/// </summary>
public sealed class PrometheusPage : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Instrument, string Labels), Series> _series = new();

    internal PrometheusPage(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>(Take);
        _listener.Start();
    }

    /// <summary>The page: every row of the table, then <paramref name="gauges"/>.</summary>
    /// <param name="gauges">Name, type, help, labels and value of figures that are read now.</param>
    public string Render(IEnumerable<(string Name, string Type, string Help, string Labels, double Value)> gauges)
    {
        var text = new StringBuilder();
        foreach (MetricRow row in MetricTable.Histograms)
            AppendHistogram(text, row);
        foreach (MetricRow row in MetricTable.Counters)
            AppendCounter(text, row);
        foreach (var named in gauges.GroupBy(gauge => gauge.Name))
        {
            AppendHead(text, named.Key, named.First().Type, named.First().Help);
            foreach ((string name, _, _, string labels, double value) in named)
                AppendLine(text, name, labels, value);
        }

        return text.ToString();
    }

    /// <summary>A label in the form of the page.</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    public void Dispose() => _listener.Dispose();

    private void Take(
        Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var labels = new StringBuilder();
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (labels.Length > 0)
                labels.Append(',');
            labels.Append(Label(tag.Key, tag.Value?.ToString() ?? ""));
        }

        double[] buckets = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? [];
        _series.GetOrAdd((instrument.Name, labels.ToString()), _ => new Series(buckets)).Add(value);
    }

    private void AppendHistogram(StringBuilder text, MetricRow row)
    {
        foreach (string name in row.Names)
        {
            AppendHead(text, name, "histogram", row.Help);
            foreach ((string labels, Series series) in SeriesOf(row))
                series.AppendTo(text, name, labels);
        }
    }

    private void AppendCounter(StringBuilder text, MetricRow row)
    {
        foreach (string name in row.Names)
        {
            AppendHead(text, name, "counter", row.Help);
            foreach ((string labels, Series series) in SeriesOf(row))
                AppendLine(text, name, labels, series.Sum);
        }
    }

    private IEnumerable<(string Labels, Series Series)> SeriesOf(MetricRow row) =>
        _series.Where(entry => entry.Key.Instrument == row.Instrument)
            .OrderBy(entry => entry.Key.Labels, StringComparer.Ordinal)
            .Select(entry => (entry.Key.Labels, entry.Value));

    private static void AppendHead(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void AppendLine(StringBuilder text, string name, string labels, double value) => text
        .Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ')
        .Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>One instrument under one set of labels.</summary>
    private sealed class Series(double[] bounds)
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        internal double Sum
        {
            get
            {
                lock (_lock)
                    return _sum;
            }
        }

        internal void Add(double value)
        {
            int bucket = 0;
            while (bucket < bounds.Length && value > bounds[bucket])
                bucket++;
            lock (_lock)
            {
                _counts[bucket]++;
                _sum += value;
            }
        }

        internal void AppendTo(StringBuilder text, string name, string labels)
        {
            long[] counts;
            double sum;
            lock (_lock)
                (counts, sum) = ([.. _counts], _sum);
            string before = labels.Length > 0 ? $"{labels}," : "";
            long total = 0;
            for (int i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                string bound = i < bounds.Length ? bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
                AppendLine(text, $"{name}_bucket", $"{before}le=\"{bound}\"", total);
            }

            AppendLine(text, $"{name}_sum", labels, sum);
            AppendLine(text, $"{name}_count", labels, total);
        }
    }
}
