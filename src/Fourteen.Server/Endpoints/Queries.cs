using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.Anthropic;
using Fourteen.Protocol.Dialects.LlamaServer;
using Fourteen.Protocol.Dialects.Ollama;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Embeddings;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>Answers a query whose body was read, with one JSON value.</summary>
/// <param name="cancellation">The client has gone.</param>
internal delegate Task<Action<Utf8JsonWriter>> QueryHandler(
    RequestDraft draft, ServerState state, string? tenant, CancellationToken cancellation);

/// <summary>Endpoints that take a body and generate nothing.</summary>
internal static class Queries
{
    /// <summary>By path; every path of the dialects that is a query has its row.</summary>
    internal static IReadOnlyDictionary<string, QueryHandler> Rows { get; } = new Dictionary<string, QueryHandler>
    {
        ["/v1/embeddings"] = async (draft, state, tenant, cancellation) =>
        {
            (EmbeddingAnswer answer, ResponseHeader header) = await EmbedAsync(draft, state, tenant, cancellation);
            return json => OpenAiEmbeddings.WriteAnswer(draft, answer, header, json);
        },
        ["/api/embed"] = async (draft, state, tenant, cancellation) =>
        {
            (EmbeddingAnswer answer, ResponseHeader header) = await EmbedAsync(draft, state, tenant, cancellation);
            return json => OllamaEmbeddings.WriteAnswer(answer, header, json);
        },
        ["/api/embeddings"] = async (draft, state, tenant, cancellation) =>
        {
            (EmbeddingAnswer answer, _) = await EmbedAsync(draft, state, tenant, cancellation);
            return json => OllamaEmbeddings.WriteLegacyAnswer(answer, json);
        },
        ["/v1/messages/count_tokens"] = async (draft, state, _, cancellation) =>
        {
            using ModelLease lease = await LeaseAsync(draft, state, cancellation);
            int count = Prompts.RendererOf(lease, state).Encode(Prompts.Normalize(draft, state).Chat).Length;
            return json => AnthropicJson.WriteCount(count, json);
        },
        ["/api/show"] = (draft, state, _, _) =>
        {
            ServedModel model = state.Models.Find(draft.Chat.Model);
            return Task.FromResult<Action<Utf8JsonWriter>>(
                json => OllamaReports.WriteShow(model.Status, draft.Verbose, json));
        },
        ["/tokenize"] = async (draft, state, _, cancellation) =>
        {
            using ModelLease lease = await LeaseAsync(draft, state, cancellation);
            Tokenizer tokenizer = lease.Model.Text.Tokenizer;
            int[] ids = tokenizer.Encode(
                draft.Chat.Text ?? "", draft.ParseSpecial ? AddedTokens.All : AddedTokens.None);
            if (draft.AddSpecial && tokenizer is { AddBos: true, BosId: { } bos })
                ids = [bos, .. ids];
            return json => LlamaTokens.WriteTokens(
                draft, [.. ids.Select(id => (id, tokenizer.Bytes(id).ToArray()))], json);
        },
        ["/detokenize"] = async (draft, state, _, cancellation) =>
        {
            using ModelLease lease = await LeaseAsync(draft, state, cancellation);
            Tokenizer tokenizer = lease.Model.Text.Tokenizer;
            int[] ids = [.. draft.Chat.Tokens ?? []];
            if (ids.FirstOrDefault(id => id >= tokenizer.VocabularySize, -1) is >= 0 and int unknown)
            {
                throw new RequestException(
                    "tokens", $"tokens holds {unknown}, but the vocabulary has {tokenizer.VocabularySize} ids");
            }

            string text = tokenizer.Decode(ids, skipSpecial: false);
            return json => LlamaTokens.WriteText(text, json);
        },
        ["/apply-template"] = async (draft, state, _, cancellation) =>
        {
            using ModelLease lease = await LeaseAsync(draft, state, cancellation);
            string prompt = Prompts.RendererOf(lease, state).Render(draft.Chat);
            return json => LlamaTokens.WritePrompt(prompt, json);
        },
        ["/models/load"] = async (draft, state, _, cancellation) =>
        {
            using ModelLease lease = await LeaseAsync(draft, state, cancellation);
            return LlamaTokens.WriteSuccess;
        },
        ["/models/unload"] = async (draft, state, _, cancellation) =>
        {
            await state.Models.Find(draft.Chat.Model).UnloadAsync(cancellation);
            return LlamaTokens.WriteSuccess;
        },
    };

    internal static Func<HttpContext, ServerState, Task> Handler(string path, QueryOperation operation) =>
        async (context, state) =>
        {
            RequestDraft draft;
            using (JsonDocument body = await JsonBody.ReadAsync(context, state.Options))
                draft = operation.Read(body.RootElement);
            Prompts.NameIgnored(context, draft);
            Action<Utf8JsonWriter> write = await Rows[path](
                draft, state, context.Items[RequestPipeline.TenantItem] as string, context.RequestAborted);
            await JsonBody.WriteAsync(context, StatusCodes.Status200OK, write);
        };

    private static Task<ModelLease> LeaseAsync(
        RequestDraft draft, ServerState state, CancellationToken cancellation) =>
        state.Models.Find(draft.Chat.Model).LeaseAsync(draft.KeepAlive, null, cancellation);

    private static async Task<(EmbeddingAnswer Answer, ResponseHeader Header)> EmbedAsync(
        RequestDraft draft, ServerState state, string? tenant, CancellationToken cancellation)
    {
        ServedModel served = state.Models.Find(draft.Embedding.Model ?? draft.Chat.Model);
        using ModelLease lease = await served.LeaseAsync(draft.KeepAlive, null, cancellation);
        var embedder = new LocalEmbedder(state.Engine, lease.Model, served.Pooling, tenant, state.Clock);
        EmbeddingAnswer answer = await embedder.EmbedAsync(draft.Embedding, cancellation);
        var header = new ResponseHeader(Guid.NewGuid().ToString("N"), lease.Name, state.Clock.GetUtcNow())
        {
            LoadTime = lease.LoadTime,
        };
        return (answer, header);
    }
}
