using System.Diagnostics.Metrics;
using Fourteen.Protocol.Chat;

namespace Fourteen.Server.Metrics;

/// <summary>
/// What a server counts and times. Instruments have OpenTelemetry's kind of names; <see cref="MetricTable"/> gives each
/// the name that dashboards look for.
/// </summary>
public sealed class ServerMetrics : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string MeterName = "Fourteen.Server";

    private readonly Meter _meter = new(MeterName);
    private readonly Dictionary<string, Histogram<double>> _histograms;
    private readonly Dictionary<string, Counter<double>> _counters;

    public ServerMetrics()
    {
        _histograms = MetricTable.Histograms.ToDictionary(
            row => row.Instrument,
            row => _meter.CreateHistogram(
                row.Instrument, row.Unit, row.Help, tags: null,
                new InstrumentAdvice<double> { HistogramBucketBoundaries = row.Buckets }));
        _counters = MetricTable.Counters.ToDictionary(
            row => row.Instrument, row => _meter.CreateCounter<double>(row.Instrument, row.Unit, row.Help));
        Page = new PrometheusPage(_meter);
    }

    /// <summary>The same figures as text.</summary>
    public PrometheusPage Page { get; }

    internal void Record(string instrument, string model, double value) =>
        _histograms[instrument].Record(value, new KeyValuePair<string, object?>("model_name", model));

    internal void Count(string instrument, string model, double value) =>
        _counters[instrument].Add(value, new KeyValuePair<string, object?>("model_name", model));

    internal void CountEnd(string model, string reason) => _counters[MetricTable.Successes].Add(
        1, new KeyValuePair<string, object?>("model_name", model),
        new KeyValuePair<string, object?>("finished_reason", reason));

    /// <summary>What a complete answer took.</summary>
    internal void RecordUsage(string model, Usage usage)
    {
        TimeSpan computing = usage.TimeToFirstToken - usage.QueueTime;
        Record(MetricTable.QueueTime, model, usage.QueueTime.TotalSeconds);
        Record(MetricTable.PrefillTime, model, computing.TotalSeconds);
        Record(MetricTable.DecodeTime, model, usage.DecodeTime.TotalSeconds);
        Record(MetricTable.PromptTokensOfRequest, model, usage.PromptTokens);
        Record(MetricTable.GeneratedTokensOfRequest, model, usage.CompletionTokens);
        Count(MetricTable.PromptTokens, model, usage.PromptTokens);
        Count(MetricTable.GeneratedTokens, model, usage.CompletionTokens);
        Count(MetricTable.PromptSeconds, model, computing.TotalSeconds);
        Count(MetricTable.DecodeSeconds, model, usage.DecodeTime.TotalSeconds);
    }

    public void Dispose()
    {
        Page.Dispose();
        _meter.Dispose();
    }
}
