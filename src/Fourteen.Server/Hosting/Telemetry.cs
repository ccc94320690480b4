using System.Diagnostics;
using Fourteen.Server.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fourteen.Server.Hosting;

/// <summary>Traces and metrics for whoever collects them by OTLP.</summary>
internal static class Telemetry
{
    private const string Name = "Fourteen.Server";

    /// <summary>One span for each request that generates, with what OpenTelemetry says of such spans.</summary>
    internal static ActivitySource Source { get; } = new(Name);

    internal static void AddTo(IServiceCollection services, ServerOptions options)
    {
        if (options.OtlpEndpoint is not { } endpoint)
            return;
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("fourteen"))
            .WithMetrics(metrics => metrics.AddMeter(ServerMetrics.MeterName)
                .AddOtlpExporter(exporter => exporter.Endpoint = endpoint))
            .WithTracing(traces => traces.AddAspNetCoreInstrumentation().AddSource(Name)
                .AddOtlpExporter(exporter => exporter.Endpoint = endpoint));
    }
}
