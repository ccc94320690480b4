using System.Text.Json;
using Fourteen.Protocol.Dialects.Anthropic;
using Fourteen.Protocol.Dialects.LlamaServer;
using Fourteen.Protocol.Dialects.Ollama;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>Whose API an endpoint belongs to.</summary>
/// <param name="WriteError">Writes the body of an error, where nothing of the answer was sent.</param>
public sealed record Dialect(string Name, Action<Failure, Utf8JsonWriter> WriteError);

/// <summary>An endpoint with a body; one of its operations is there.</summary>
/// <param name="Path">Where it is served.</param>
/// <param name="Aliases">Where it is served too.</param>
public sealed record DialectEndpoint(
    string Path, Dialect Dialect, ChatOperation? Chat, QueryOperation? Query, params IReadOnlyList<string> Aliases)
{
    public string Summary => Chat?.Summary ?? Query!.Summary; // One of both is there.

    public FieldTable Fields => Chat?.Fields ?? Query!.Fields;

    /// <summary>Reads a body as its operation does.</summary>
    public RequestDraft Read(JsonElement body) => Chat?.Read(body) ?? Query!.Read(body);
}

/// <summary>Every endpoint that takes a body; what serves, documents or tests them walks this table.</summary>
public static class DialectTable
{
    public static Dialect OpenAi { get; } = new("OpenAI", OpenAiJson.WriteError);

    public static Dialect Anthropic { get; } = new("Anthropic", AnthropicJson.WriteError);

    public static Dialect Ollama { get; } = new("Ollama", OllamaJson.WriteError);

    /// <summary>Its errors are OpenAI's.</summary>
    public static Dialect LlamaServer { get; } = new("llama-server", OpenAiJson.WriteError);

    public static IReadOnlyList<DialectEndpoint> Endpoints { get; } =
    [
        new("/v1/chat/completions", OpenAi, OpenAiChat.Operation, null, "/chat/completions"),
        new("/v1/completions", OpenAi, OpenAiCompletions.Operation, null),
        new("/v1/embeddings", OpenAi, null, OpenAiEmbeddings.Operation, "/embeddings", "/embedding"),
        new("/v1/messages", Anthropic, AnthropicMessages.Operation, null),
        new("/v1/messages/count_tokens", Anthropic, null, AnthropicMessages.CountTokens),
        new("/api/chat", Ollama, OllamaChat.Operation, null),
        new("/api/generate", Ollama, OllamaGenerate.Operation, null),
        new("/api/embed", Ollama, null, OllamaEmbeddings.Operation),
        new("/api/embeddings", Ollama, null, OllamaEmbeddings.Legacy),
        new("/api/show", Ollama, null, OllamaReports.Show),
        new("/completion", LlamaServer, LlamaCompletion.Operation, null, "/completions"),
        new("/infill", LlamaServer, LlamaCompletion.Infill, null),
        new("/tokenize", LlamaServer, null, LlamaTokens.Tokenize),
        new("/detokenize", LlamaServer, null, LlamaTokens.Detokenize),
        new("/apply-template", LlamaServer, null, LlamaTokens.ApplyTemplate),
        new("/models/load", LlamaServer, null, LlamaTokens.Load),
        new("/models/unload", LlamaServer, null, LlamaTokens.Unload),
    ];
}
