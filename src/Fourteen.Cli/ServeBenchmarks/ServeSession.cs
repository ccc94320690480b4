using Fourteen.Cli.Benchmarks;
using Fourteen.Cli.Commands;
using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Server;
using Fourteen.Server.Hosting;

namespace Fourteen.Cli.ServeBenchmarks;

/// <summary>A server of our own for the length of a benchmark, at a free port of this machine, with one model.
/// </summary>
internal sealed class ServeSession : IAsyncDisposable
{
    private readonly ServerHost _host;
    private readonly ModelLease _lease;
    private readonly string? _temporary;

    private ServeSession(ServerHost host, ModelLease lease, string? temporary)
    {
        _host = host;
        _lease = lease;
        _temporary = temporary;
    }

    internal Uri Address => new(_host.Address + "/");

    internal InferenceEngine Engine => _host.Engine;

    internal LoadedModel Model => _lease.Model;

    /// <summary>Starts it with room for so many sequences of so many positions.</summary>
    internal static async Task<ServeSession> StartAsync(
        BenchSettings settings, int sequences, int positions, StandardStreams streams, CancellationToken cancellation)
    {
        string? temporary = null;
        if (settings.Synthetic is { } synthetic)
        {
            temporary = Path.Combine(Path.GetTempPath(), $"fourteen-{Guid.NewGuid():N}.gguf");
            await SyntheticFile.WriteAsync(synthetic, temporary, streams, cancellation);
        }

        string path = temporary ?? ModelTimer.FileOf(settings)!; // A model that is not synthetic is a file.
        var options = new ServerOptions
        {
            Models = [new ModelSource("bench", path)],
            Port = 0,
            Engine = new EngineOptions { Threads = settings.Threads[0], MaxInterTokenMs = settings.MaxInterTokenMs },
            Model = new ModelOptions
            {
                Context = positions,
                SequencesMax = sequences,
                KvType = settings.KvType,
            },
        };
        ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, _ => { }, cancellation);
        try
        {
            using var progress = new ProgressLine(streams, "loading");
            ModelLease lease = await host.Models.Models[0].LeaseAsync(
                null, (done, layers) => progress.Report(done, layers), cancellation);
            return new ServeSession(host, lease, temporary);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lease.Dispose();
        await _host.DisposeAsync();
        if (_temporary is not null)
            File.Delete(_temporary);
    }
}
