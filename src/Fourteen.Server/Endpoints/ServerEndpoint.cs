using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>How a dialect writes the body of an error.</summary>
public delegate void ErrorForm(Failure failure, Utf8JsonWriter json);

/// <summary>One path of the server.</summary>
/// <param name="Method">GET paths answer HEAD too.</param>
/// <param name="Summary">A few words for the API's page.</param>
/// <param name="Errors">How its dialect writes errors.</param>
/// <param name="Handle">Answers a request; exceptions become errors of its form.</param>
public sealed record ServerEndpoint(
    string Method, string Path, string Summary, ErrorForm Errors, Func<HttpContext, ServerState, Task> Handle)
{
    /// <summary>Whether it is answered without a key: it tells nothing and does nothing.</summary>
    public bool IsPublic { get; init; }
}

/// <summary>What all requests of a server share.</summary>
public sealed record ServerState
{
    public required ServerOptions Options { get; init; }

    public required InferenceEngine Engine { get; init; }

    public required ModelHost Models { get; init; }

    public required KeyRing Keys { get; init; }

    public required FaultLog Faults { get; init; }

    public required TimeProvider Clock { get; init; }
}
