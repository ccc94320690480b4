using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.OpenAi;

namespace Fourteen.Server.Endpoints;

/// <summary>Every path of the server.</summary>
public static class EndpointTable
{
    public static IReadOnlyList<ServerEndpoint> Rows { get; } =
    [
        Generates("/v1/chat/completions", OpenAiChat.Operation, OpenAiJson.WriteError),
        Generates("/v1/completions", OpenAiCompletions.Operation, OpenAiJson.WriteError),
        new("GET", "/health", "Whether the server runs.", OpenAiJson.WriteError, Health.AliveAsync) { IsPublic = true },
        new("GET", "/v1/health", "Whether the server runs.", OpenAiJson.WriteError, Health.AliveAsync)
        {
            IsPublic = true,
        },
        new("GET", "/ready", "Whether a model is loaded.", OpenAiJson.WriteError, Health.ReadyAsync)
        {
            IsPublic = true,
        },
    ];

    private static ServerEndpoint Generates(string path, ChatOperation operation, ErrorForm errors) =>
        new("POST", path, operation.Summary, errors, Generating.Handler(operation));
}
