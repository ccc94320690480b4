using Fourteen.Engine;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Hosting;
using Fourteen.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>One path of the server.</summary>
/// <param name="Method">GET paths answer HEAD too.</param>
/// <param name="Summary">A few words for the API's page.</param>
/// <param name="Dialect">Whose form its errors have.</param>
/// <param name="Handle">Answers a request; exceptions become errors of its form.</param>
public sealed record ServerEndpoint(
    string Method, string Path, string Summary, Dialect Dialect, Func<HttpContext, ServerState, Task> Handle)
{
    /// <summary>Whether it is answered without a key: it tells nothing and does nothing.</summary>
    public bool IsPublic { get; init; }

    /// <summary>The content security policy of a page; null for what is no page.</summary>
    public string? ContentPolicy { get; init; }
}

/// <summary>What all requests of a server share.</summary>
public sealed record ServerState
{
    public required ServerOptions Options { get; init; }

    public required InferenceEngine Engine { get; init; }

    public required ModelHost Models { get; init; }

    public required KeyRing Keys { get; init; }

    public required FaultLog Faults { get; init; }

    public required ServerMetrics Metrics { get; init; }

    public required RequestLog Requests { get; init; }

    public required TimeProvider Clock { get; init; }
}
