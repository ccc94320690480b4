using Fourteen.Server.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(ServerFixture))]

namespace Fourteen.Server.Tests;

/// <summary>
/// One server with the tiny chat model and the embedded model for all tests that leave it as it is. Several tests use
/// it at once: answers do not depend on what is computed beside them.
/// </summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private TestServer? _server;

    internal TestServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
