using Fourteen.Engine.Scheduling;
using Fourteen.Server;
using Fourteen.Server.Hosting;
using Fourteen.Testing;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(Fourteen.Clients.Tests.ServerFixture))]

namespace Fourteen.Clients.Tests;

/// <summary>
/// The servers that all tests share: one open to everybody with the tiny chat model and the embedded one, and one that
/// wants a key. Each starts when it is first asked for.
/// </summary>
public sealed class ServerFixture : IAsyncDisposable
{
    /// <summary>The model that thinks, calls tools and answers.</summary>
    public const string Tiny = "tiny";

    /// <summary>The embedded model, which goes on for long.</summary>
    public const string Embedded = "smollm2";

    /// <summary>What opens the locked server.</summary>
    public const string Secret = "sk-of-these-tests";

    private const string EmbeddedFile = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    private readonly SemaphoreSlim _starting = new(1);
    private ServerHost? _open;
    private ServerHost? _locked;

    /// <summary>The path of the tiny model's file, or a skipped test.</summary>
    public static string TinyPath => SharedFiles.Model("qwen3-tiny-chat/model.gguf");

    /// <summary>The server that wants no key, or a skipped test where its model is not here.</summary>
    public async Task<ServerHost> OpenAsync(CancellationToken cancellation)
    {
        var tiny = new ModelSource(Tiny, TinyPath);
        var embedded = new ModelSource(Embedded, SharedFiles.Model(EmbeddedFile));
        await _starting.WaitAsync(cancellation);
        try
        {
            return _open ??= await StartAsync(new ServerOptions { Port = 0, Models = [tiny, embedded] }, cancellation);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>The server that wants <see cref="Secret"/>.</summary>
    public async Task<ServerHost> LockedAsync(CancellationToken cancellation)
    {
        var options = new ServerOptions
        {
            Port = 0,
            Models = [new ModelSource(Tiny, TinyPath)],
            ApiKeys = [new ApiKey("tests", Secret)],
        };
        await _starting.WaitAsync(cancellation);
        try
        {
            return _locked ??= await StartAsync(options, cancellation);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A server of a test's own.</summary>
    public static Task<ServerHost> StartAsync(ServerOptions options, CancellationToken cancellation) =>
        ServerHost.StartAsync(
            options, TimeProvider.System, logging => logging.SetMinimumLevel(LogLevel.None), cancellation);

    /// <summary>Waits until nobody's answer is computed with a model: what was cancelled must end by itself.</summary>
    public static async Task IdleAsync(ServerHost host, string model, CancellationToken cancellation)
    {
        while (true)
        {
            ModelStatistics now = host.Models.Find(model).Loaded!.Statistics; // It has answered, so it is loaded.
            if (now.Running == 0 && now.Waiting == 0)
                return;
            await Task.Delay(20, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerHost? host in (ServerHost?[])[_open, _locked])
        {
            if (host is not null)
                await host.DisposeAsync();
        }

        _starting.Dispose();
    }
}
