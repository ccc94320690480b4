using Fourteen.Protocol.Dialects;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>Every path of the server: those of the dialects with a body, and those without.</summary>
public static class EndpointTable
{
    private static readonly Dialect OpenAi = DialectTable.OpenAi;
    private static readonly Dialect Ollama = DialectTable.Ollama;

    public static IReadOnlyList<ServerEndpoint> Rows { get; } =
    [
        .. DialectTable.Endpoints.SelectMany(WithBody),
        Get("/v1/models", OpenAi, "Lists the models (OpenAI).", Reports.ModelsAsync),
        Get("/models", OpenAi, "Lists the models (llama-server).", Reports.ModelsAsync),
        Get("/v1/models/{**name}", OpenAi, "Says what a model is (OpenAI).", Reports.ModelAsync),
        Get("/api/tags", Ollama, "Lists the models (Ollama).", Reports.TagsAsync),
        Get("/api/ps", Ollama, "Lists the loaded models (Ollama).", Reports.LoadedAsync),
        Get("/props", OpenAi, "Says how the first model is served (llama-server).", Reports.PropsAsync),
        Get("/metrics", OpenAi, "Figures in Prometheus' form.", Reports.MetricsAsync),
        Public("/api/version", Ollama, "The version (Ollama).", Reports.VersionAsync),
        Public("/version", OpenAi, "The version.", Reports.VersionAsync),
        Public("/health", OpenAi, "Whether the server runs.", Health.AliveAsync),
        Public("/v1/health", OpenAi, "Whether the server runs (llama-server).", Health.AliveAsync),
        Public("/ready", OpenAi, "Whether a model is loaded.", Health.ReadyAsync),
        Public("/", OpenAi, "A page to chat with.", ChatPage.Send("index.html")) with
        {
            ContentPolicy = ChatPage.Policy,
        },
        .. ChatPage.Files.Select(file => Public(
            $"/page/{file}", OpenAi, "A file of the page.", ChatPage.Send(file)) with
        {
            ContentPolicy = ChatPage.Policy,
        }),
        Public("/openapi.json", OpenAi, "This API as OpenAPI 3.1.", ApiPage.DocumentAsync),
    ];

    /// <summary>The dialect of a path that does not exist, so that its client can read the error.</summary>
    internal static Dialect DialectOf(PathString path) =>
        path.StartsWithSegments("/api") ? Ollama
        : path.StartsWithSegments("/v1/messages") ? DialectTable.Anthropic
        : OpenAi;

    private static IEnumerable<ServerEndpoint> WithBody(DialectEndpoint row)
    {
        Func<HttpContext, ServerState, Task> handle = row.Chat is { } chat
            ? Generating.Handler(chat)
            : Queries.Handler(row.Path, row.Query!); // One of both is there.
        return row.Aliases.Prepend(row.Path).Select(
            path => new ServerEndpoint("POST", path, row.Summary, row.Dialect, handle));
    }

    private static ServerEndpoint Get(
        string path, Dialect dialect, string summary, Func<HttpContext, ServerState, Task> handle) =>
        new("GET", path, summary, dialect, handle);

    private static ServerEndpoint Public(
        string path, Dialect dialect, string summary, Func<HttpContext, ServerState, Task> handle) =>
        Get(path, dialect, summary, handle) with { IsPublic = true };
}
