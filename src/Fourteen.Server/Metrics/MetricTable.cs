namespace Fourteen.Server.Metrics;

/// <summary>One figure of the server.</summary>
/// <param name="Instrument">Its name in OpenTelemetry.</param>
/// <param name="Names">Its names on the Prometheus page: vLLM's, and llama-server's where it has one.</param>
/// <param name="Buckets">Upper bounds of a histogram; empty for a counter.</param>
public sealed record MetricRow(string Instrument, string[] Names, string Unit, string Help, double[] Buckets);

/// <summary>All figures that requests make; those of the engine are read when the page is asked for.</summary>
public static class MetricTable
{
    public const string TimeToFirstToken = "fourteen.time_to_first_token";
    public const string InterTokenLatency = "fourteen.inter_token_latency";
    public const string RequestLatency = "fourteen.request_latency";
    public const string QueueTime = "fourteen.queue_time";
    public const string PrefillTime = "fourteen.prefill_time";
    public const string DecodeTime = "fourteen.decode_time";
    public const string PromptTokensOfRequest = "fourteen.request_prompt_tokens";
    public const string GeneratedTokensOfRequest = "fourteen.request_generated_tokens";
    public const string PromptTokens = "fourteen.prompt_tokens";
    public const string GeneratedTokens = "fourteen.generated_tokens";
    public const string PromptSeconds = "fourteen.prompt_seconds";
    public const string DecodeSeconds = "fourteen.decode_seconds";
    public const string Successes = "fourteen.requests_finished";
    public const string Cancelled = "fourteen.requests_cancelled";
    public const string Failed = "fourteen.requests_failed";

    /// <summary>From a cached prompt on a small model to a long one on a large model: 10 ms to 20 minutes.</summary>
    private static readonly double[] Waits =
        [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280];

    /// <summary>From a tiny model alone to the bound of a step and beyond.</summary>
    private static readonly double[] Steps =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10];

    private static readonly double[] Tokens =
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

    public static IReadOnlyList<MetricRow> Histograms { get; } =
    [
        new(TimeToFirstToken, ["vllm:time_to_first_token_seconds"], "s", "From a request to its first token.", Waits),
        new(InterTokenLatency, ["vllm:inter_token_latency_seconds"], "s", "Between two pieces of a stream.", Steps),
        new(RequestLatency, ["vllm:e2e_request_latency_seconds"], "s", "From a request to its last token.", Waits),
        new(QueueTime, ["vllm:request_queue_time_seconds"], "s", "From a request to its first step.", Waits),
        new(PrefillTime, ["vllm:request_prefill_time_seconds"], "s", "From the first step to the first token.", Waits),
        new(DecodeTime, ["vllm:request_decode_time_seconds"], "s", "From the first token to the last.", Waits),
        new(PromptTokensOfRequest, ["vllm:request_prompt_tokens"], "{token}", "Tokens of a prompt.", Tokens),
        new(GeneratedTokensOfRequest, ["vllm:request_generation_tokens"], "{token}", "Tokens of an answer.", Tokens),
    ];

    public static IReadOnlyList<MetricRow> Counters { get; } =
    [
        new(PromptTokens, ["vllm:prompt_tokens_total", "llamacpp:prompt_tokens_total"], "{token}",
            "Tokens of prompts.", []),
        new(GeneratedTokens, ["vllm:generation_tokens_total", "llamacpp:tokens_predicted_total"], "{token}",
            "Generated tokens.", []),
        new(PromptSeconds, ["llamacpp:prompt_seconds_total"], "s", "Time spent on prompts.", []),
        new(DecodeSeconds, ["llamacpp:tokens_predicted_seconds_total"], "s", "Time spent on answers.", []),
        new(Successes, ["vllm:request_success_total"], "{request}", "Requests that were answered, by reason.", []),
        new(Cancelled, ["fourteen:requests_cancelled_total"], "{request}", "Requests whose client went away.", []),
        new(Failed, ["fourteen:requests_failed_total"], "{request}", "Requests that failed after they began.", []),
    ];
}
