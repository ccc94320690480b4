using System.Net;
using System.Net.Sockets;
using Fourteen.Engine;
using Fourteen.Server.Endpoints;
using Fourteen.Server.Hosting;
using Fourteen.Server.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fourteen.Server;

/// <summary>A running server: one engine, its models, and HTTP before them.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ServerState _state;

    private ServerHost(WebApplication application, ServerState state)
    {
        _application = application;
        _state = state;
    }

    /// <summary>Where it listens, such as http://127.0.0.1:8080.</summary>
    public string Address { get; private set; } = "";

    public ModelHost Models => _state.Models;

    public InferenceEngine Engine => _state.Engine;

    /// <summary>Starts listening; models are loaded when they are first asked for, or by <see cref="Models"/>.
    /// </summary>
    /// <param name="log">Where log lines go.</param>
    /// <exception cref="RequestException">The options contradict each other, or the address cannot be had.</exception>
    public static async Task<ServerHost> StartAsync(
        ServerOptions options, TimeProvider clock, Action<ILoggingBuilder> log, CancellationToken cancellation)
    {
        IPAddress address = AddressOf(options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options, address));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownDeadline);
        log(builder.Logging);
        Telemetry.AddTo(builder.Services, options);
        WebApplication application = builder.Build();
        var engine = new InferenceEngine(options.Engine, clock);
        var state = new ServerState
        {
            Options = options,
            Engine = engine,
            Models = new ModelHost(engine, options, clock),
            Keys = new KeyRing(options.ApiKeys),
            Faults = new FaultLog(application.Services.GetRequiredService<ILogger<FaultLog>>()),
            Metrics = new ServerMetrics(),
            Requests = new RequestLog(
                application.Services.GetRequiredService<ILogger<RequestLog>>(), options.LogPrompts),
            Clock = clock,
        };
        var host = new ServerHost(application, state);
        try
        {
            host.Map();
            await application.StartAsync(cancellation);
        }
        catch (IOException e) when (e.InnerException is SocketException or AddressInUseException)
        {
            await host.DisposeAsync();
            throw new RequestException(
                "port",
                $"cannot listen at {options.Host}:{options.Port}: {e.Message.TrimEnd('.')}; name another --port");
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        IServerAddressesFeature addresses = application.Services.GetRequiredService<IServer>().Features
            .GetRequiredFeature<IServerAddressesFeature>();
        host.Address = addresses.Addresses.First();
        return host;
    }

    /// <summary>Ends it: no new requests; running ones may finish within the deadline, then they are cancelled.
    /// </summary>
    public Task StopAsync(CancellationToken cancellation) => _application.StopAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await _state.Models.DisposeAsync();
        _state.Metrics.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options, IPAddress address)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.BodyBytesMax;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10; // Kestrel's own, stated.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30); // Kestrel's own, stated.
        kestrel.Limits.MinResponseDataRate = null; // A slow reader has a deadline of ours, which knows silence.
        kestrel.Listen(address, options.Port);
    }

    private static IPAddress AddressOf(ServerOptions options)
    {
        bool isLoopback = RequestPipeline.IsLoopback(options.Host);
        if (!isLoopback && options.ApiKeys.Count == 0 && !options.Insecure)
        {
            throw new RequestException(
                "host",
                $"listening at {options.Host} lets others in: give --api-key KEY, or --insecure where everybody may "
                + "use this machine");
        }

        if (options.Host == "localhost")
            return IPAddress.Loopback;
        return IPAddress.TryParse(options.Host.Trim('[', ']'), out IPAddress? address)
            ? address
            : throw new RequestException(
                "host", $"--host must be an address such as 127.0.0.1 or 0.0.0.0, found \"{options.Host}\"");
    }

    private void Map()
    {
        var pipeline = new RequestPipeline(_state);
        _application.UseRouting();
        _application.Use((context, next) => pipeline.RunAsync(context, () => next(context)));
        foreach (ServerEndpoint endpoint in EndpointTable.Rows)
        {
            string[] methods = endpoint.Method == "GET" ? ["GET", "HEAD"] : [endpoint.Method];
            _application.MapMethods(endpoint.Path, methods, context => endpoint.Handle(context, _state))
                .WithMetadata(endpoint);
        }

        ApiPage.Map(_application);
    }
}
