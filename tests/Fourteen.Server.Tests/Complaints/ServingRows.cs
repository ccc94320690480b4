using System.Text.Json.Nodes;
using Fourteen.Engine;
using Xunit;

namespace Fourteen.Server.Tests.Complaints;

/// <summary>
/// What users of other servers complain about (reference/serving.md, section 4): many at once, and what is measured.
/// </summary>
public sealed class ServingRows(ServerFixture fixture)
{
    /// <summary>Names that dashboards for vLLM look for.</summary>
    private static readonly string[] DashboardNames =
    [
        "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc",
        "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total", "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total", "vllm:request_success_total", "vllm:time_to_first_token_seconds_bucket",
        "vllm:inter_token_latency_seconds_bucket", "vllm:e2e_request_latency_seconds_count",
        "vllm:request_queue_time_seconds_sum", "vllm:request_prefill_time_seconds_sum",
        "vllm:request_decode_time_seconds_sum", "vllm:request_prompt_tokens_sum", "vllm:request_generation_tokens_sum",
        "llamacpp:prompt_tokens_total", "llamacpp:tokens_predicted_total", "llamacpp:requests_processing",
        "llamacpp:requests_deferred",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Row07_LongPrefill_DoesNotStopStreams()
    {
        const int StepTokens = 64, PromptTokens = 2000;
        await using TestServer server = await TestServer.StartTinyAsync(options => options with
        {
            Engine = new EngineOptions { StepTokens = StepTokens },
            Model = new ModelOptions { SequencesMax = 2, PrefixCache = false },
        });
        using OpenStream stream = await server.OpenAsync(
            "/v1/completions", Asking.Endless(TestServer.Tiny, 4000), Cancellation);
        Assert.NotNull(await stream.NextAsync(Cancellation));
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task reading = stream.ReadTextAsync(left.Token);

        long before = server.Statistics.TokensGenerated;
        JsonArray prompt = [.. Enumerable.Repeat(300, PromptTokens).Select(id => JsonValue.Create(id))];
        HttpAnswer answer = (await server.PostAsync(
            "/v1/completions", Asking.Endless(TestServer.Tiny, 1, stream: false).With(("prompt", prompt)))).With(200);

        Assert.Equal(PromptTokens, answer.Json["usage"]!["prompt_tokens"]!.GetValue<int>());
        long meanwhile = server.Statistics.TokensGenerated - before;
        // Every step has a token of the stream, but for some while its reader is late.
        Assert.True(meanwhile > PromptTokens / StepTokens / 2, $"the stream got {meanwhile} tokens meanwhile");
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/messages")]
    [InlineData("/api/chat")]
    [InlineData("/api/generate")]
    [InlineData("/completion")]
    public async Task Row17_ClientThatLeaves_FreesWhatItUsed(string path)
    {
        await using TestServer server = await TestServer.StartTinyAsync();
        JsonObject body = path.EndsWith("completions", StringComparison.Ordinal)
            ? Asking.Chat("Hello", 4000).With(("ignore_eos", true), ("n", 3), ("min_tokens", 4000))
            : Asking.Chat("Hello", 4000);
        body["prompt"] = "Hello";
        if (path is "/v1/completions" or "/completion" or "/api/generate")
            body.Remove("messages");
        if (path is "/v1/messages" or "/api/chat" or "/api/generate") // These have no way to go on for ever.
            body["messages"]?.AsArray().Add(new JsonObject { ["role"] = "user", ["content"] = "Count to 9." });
        if (path is "/completion")
            body["ignore_eos"] = true;
        await server.PostAsync("/models/load", Asking.Body("""{"model": "qwen3-tiny-chat"}"""));
        foreach (bool streams in (bool[])[true, false])
        {
            using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            Task<OpenStream> asking = server.OpenAsync(path, body.With(("stream", streams)), left.Token);
            await TestServer.UntilAsync(
                () => server.Statistics.TokensGenerated > 0 || asking.IsCompleted, "nothing is computed");
            await left.CancelAsync();
            try
            {
                (await asking).Dispose();
            }
            catch (OperationCanceledException)
            {
                // It left before the answer began.
            }

            await server.UntilIdleAsync();
        }
    }

    [Fact]
    public async Task Row18_TemperatureZeroOrSeed_IsTheSameColdCachedAndBesideOthers()
    {
        await using TestServer server = await TestServer.StartAsync();
        foreach (string model in (string[])[TestServer.Tiny, TestServer.Embedded])
        {
            JsonObject greedy = Asking.Chat(
                string.Concat(Enumerable.Repeat("What is the weather in Oslo? ", 12)) + "Answer.", 24)
                .With(("model", model), ("ignore_eos", true), ("logprobs", true), ("top_logprobs", 3));
            JsonObject seeded = greedy.With(("temperature", 1.3), ("seed", 42));
            string[] cold = [await AskAsync(greedy), await AskAsync(seeded.With(("cache_salt", "apart")))];
            string[] cached = [await AskAsync(greedy), await AskAsync(seeded)];
            Task<HttpAnswer>[] others =
            [
                .. Enumerable.Range(0, 6).Select(i => server.PostAsync("/v1/chat/completions", Asking.Chat(
                    $"Count to {i + 3}.", 40).With(("model", model), ("ignore_eos", true), ("temperature", 1)))),
            ];
            string[] beside = [await AskAsync(greedy), await AskAsync(seeded.With(("cache_prompt", false)))];
            foreach (HttpAnswer other in await Task.WhenAll(others))
                other.With(200);
            Assert.Equal(cold, cached);
            Assert.Equal(cold, beside);
        }

        // The whole choice with its log-probabilities to the last digit.
        async Task<string> AskAsync(JsonNode body) =>
            (await server.PostAsync("/v1/chat/completions", body)).With(200).Json["choices"]!.ToJsonString();
    }

    [Fact]
    public async Task Row20_Metrics_ParseAndHaveTheNamesOfDashboards()
    {
        await using TestServer server = await TestServer.StartTinyAsync();
        (await server.PostAsync("/v1/chat/completions", Asking.Chat("Count to 6."))).With(200);
        (await server.PostAsync(
            "/v1/chat/completions", Asking.Chat("Count to 6.").With(("stream", true), ("max_tokens", 4)))).With(200);
        await server.UntilIdleAsync();
        HttpAnswer page = (await server.GetAsync("/metrics")).With(200);
        Assert.StartsWith("text/plain; version=0.0.4", page.ContentType, StringComparison.Ordinal);
        var samples = MetricsPage.Parse(page.Text);
        Assert.All(DashboardNames, name => Assert.Contains(samples, sample => sample.Name == name));
        Assert.All(
            samples.Where(sample => sample.Name.StartsWith("vllm:", StringComparison.Ordinal)),
            sample => Assert.Contains("model_name=\"qwen3-tiny-chat\"", sample.Labels, StringComparison.Ordinal));
        Assert.Equal(1, samples.Single(sample => sample.Name == "vllm:request_success_total"
            && sample.Labels.Contains("\"length\"", StringComparison.Ordinal)).Value);
        Assert.Equal(2, MetricsPage.Sum(page.Text, "vllm:request_success_total"));
        Assert.Equal(2, MetricsPage.Sum(page.Text, "vllm:e2e_request_latency_seconds_count"));
        Assert.Equal(0, MetricsPage.Sum(page.Text, "fourteen:requests_cancelled_total"));
        // Buckets of a histogram only grow, and the last one holds all.
        foreach (var buckets in samples.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal))
            .GroupBy(sample => sample.Name))
        {
            double[] counts = [.. buckets.Select(sample => sample.Value)];
            Assert.Equal(counts.Order(), counts);
            string count = buckets.Key.Replace("_bucket", "_count", StringComparison.Ordinal);
            Assert.Equal(MetricsPage.Sum(page.Text, count), counts[^1]);
        }
    }

    /// <summary>The page of the shared server, which two models serve and which other tests use meanwhile.</summary>
    [Fact]
    public async Task Row20_MetricsOfABusyServer_Parse() =>
        Assert.NotEmpty(MetricsPage.Parse((await fixture.Server.GetAsync("/metrics")).With(200).Text));
}
