using System.Text.Json;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Protocol.Dialects.LlamaServer;
using Fourteen.Protocol.Dialects.Ollama;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Reports;
using Fourteen.Server.Hosting;
using Fourteen.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>What the server says of itself and its models.</summary>
internal static class Reports
{
    private static readonly string Version = typeof(Reports).Assembly.GetName().Version?.ToString(3) ?? "0";

    internal static Task ModelsAsync(HttpContext context, ServerState state) =>
        WriteAsync(context, json => OpenAiModels.WriteList(All(state), json));

    internal static Task ModelAsync(HttpContext context, ServerState state)
    {
        ServedModel model = state.Models.Find(context.Request.RouteValues["name"] as string);
        return WriteAsync(context, json => OpenAiModels.WriteModel(model.Status, json));
    }

    internal static Task TagsAsync(HttpContext context, ServerState state) =>
        WriteAsync(context, json => OllamaReports.WriteTags(All(state), json));

    internal static Task LoadedAsync(HttpContext context, ServerState state) =>
        WriteAsync(context, json => OllamaReports.WriteLoaded(All(state), json));

    internal static Task VersionAsync(HttpContext context, ServerState state) =>
        WriteAsync(context, json => OllamaReports.WriteVersion(Version, json));

    internal static Task PropsAsync(HttpContext context, ServerState state)
    {
        ModelStatus model = state.Models.Find(context.Request.Query["model"]).Status;
        return WriteAsync(context, json => LlamaReports.WriteProps(
            model, state.Options.Model.SequencesMax, $"fourteen {Version}", json));
    }

    internal static async Task MetricsAsync(HttpContext context, ServerState state)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(state.Metrics.Page.Render(Gauges(state)), context.RequestAborted);
    }

    /// <summary>What the engine is doing, under vLLM's names and llama-server's.</summary>
    private static IEnumerable<(string Name, string Type, string Help, string Labels, double Value)> Gauges(
        ServerState state)
    {
        foreach (ServedModel served in state.Models.Models)
        {
            if (served.Loaded is not { } model)
                continue;
            ModelStatistics now = model.Statistics;
            string labels = PrometheusPage.Label("model_name", served.Name);
            double usage = (double)now.KvBlocksInUse / Math.Max(1, now.KvBlocks);
            yield return ("vllm:num_requests_running", "gauge", "Sequences in steps.", labels, now.Running);
            yield return ("vllm:num_requests_waiting", "gauge", "Sequences that wait.", labels, now.Waiting);
            yield return ("vllm:kv_cache_usage_perc", "gauge", "Share of the KV cache in use.", labels, usage);
            yield return ("vllm:prefix_cache_queries_total", "counter", "Prompt tokens looked for.", labels,
                now.PrefixTokensQueried);
            yield return ("vllm:prefix_cache_hits_total", "counter", "Those that were there.", labels,
                now.PrefixTokensHit);
            yield return ("vllm:num_preemptions_total", "counter", "Sequences that lost their place.", labels,
                now.Preemptions);
            yield return ("llamacpp:requests_processing", "gauge", "Sequences in steps.", labels, now.Running);
            yield return ("llamacpp:requests_deferred", "gauge", "Sequences that wait.", labels, now.Waiting);
            yield return ("llamacpp:kv_cache_usage_ratio", "gauge", "Share of the KV cache in use.", labels, usage);
            yield return ("llamacpp:n_decode_total", "counter", "Steps.", labels, now.Steps);
            yield return ("llamacpp:prompt_tokens_seconds", "gauge", "Prompt tokens a second, lately.", labels,
                now.PrefillTokensPerSecond);
            yield return ("llamacpp:predicted_tokens_seconds", "gauge", "Generated tokens a second, lately.", labels,
                now.DecodeTokensPerSecond);
            yield return ("fourteen:kv_blocks_in_use", "gauge", "Blocks that sequences refer to.", labels,
                now.KvBlocksInUse);
            yield return ("fourteen:kv_blocks_cached", "gauge", "Blocks kept for prompts to come.", labels,
                now.KvBlocksCached);
            yield return ("fourteen:step_seconds_total", "counter", "Time spent in steps.", labels, now.StepSeconds);
        }
    }

    /// <summary>A model whose file cannot be read is left out: it must not take the others from the lists.</summary>
    private static ModelStatus[] All(ServerState state) =>
        [.. state.Models.Models.Select(model => model.FindStatus()).OfType<ModelStatus>()];

    private static Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write) =>
        JsonBody.WriteAsync(context, StatusCodes.Status200OK, write);
}
