using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Engine;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Server.Tests.Hosting;

/// <summary>Models that come and go, full queues, and the end of a server.</summary>
public sealed class LifetimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queue_ThatIsFull_Is429WithTheTimeToTryAgain()
    {
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { Model = new ModelOptions { SequencesMax = 1, QueueMax = 1 } });
        JsonObject endless = Asking.Endless(TestServer.Tiny, 4000);
        using OpenStream running = await server.OpenAsync("/v1/completions", endless, Cancellation);
        Assert.NotNull(await running.NextAsync(Cancellation));
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<OpenStream> waiting = server.OpenAsync("/v1/completions", endless, left.Token);
        await TestServer.UntilAsync(() => server.Statistics.Waiting == 1, "the second one does not wait");

        foreach (string path in (string[])["/v1/chat/completions", "/v1/messages", "/api/chat"])
        {
            foreach (bool streams in (bool[])[false, true])
            {
                HttpAnswer full = (await server.PostAsync(
                    path, Asking.Chat("Hello").With(("stream", streams)))).With(429);
                Assert.InRange(int.Parse(full.Header("Retry-After")!, null), 1, 600);
                Assert.Contains("try again", full.Text, StringComparison.Ordinal);
                Assert.Equal(path == "/api/chat" ? 1 : 0, full.Json["error"] is JsonValue ? 1 : 0);
            }
        }

        HttpAnswer embedding = (await server.PostAsync(
            "/v1/embeddings", Asking.Body("""{"input": "Hello"}"""))).With(429);
        Assert.Equal("rate_limit_error", embedding.Json["error"]!["type"]!.GetValue<string>());
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        running.Dispose();
        await server.UntilIdleAsync();
        (await server.PostAsync("/v1/chat/completions", Asking.Chat("Hello"))).With(200);
    }

    [Fact]
    public async Task Model_ThatNobodyUses_IsUnloadedAndLoadedAgain()
    {
        var clock = new SkippingClock();
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { KeepAlive = TimeSpan.FromMinutes(5) }, clock);
        (await server.GetAsync("/ready")).With(503);
        (await server.GetAsync("/health")).With(200);
        string first = (await server.ChatAsync(Asking.Chat("Count to 6."))).Content;
        (await server.GetAsync("/ready")).With(200);
        Assert.Single((await server.GetAsync("/api/ps")).Json["models"]!.AsArray());

        // One that is in use stays, however long that takes.
        using (OpenStream stream = await server.OpenAsync(
            "/v1/completions", Asking.Endless(TestServer.Tiny, 4000), Cancellation))
        {
            Assert.NotNull(await stream.NextAsync(Cancellation));
            clock.Skip(TimeSpan.FromMinutes(6));
            Assert.NotNull(await stream.NextAsync(Cancellation));
            Assert.NotNull(server.Host.Models.Find(null).Loaded);
        }

        await server.UntilIdleAsync();
        await TestServer.UntilAsync(() => UnloadedAfterSkip(server, clock), "the model stays");
        Assert.Empty((await server.GetAsync("/api/ps")).Json["models"]!.AsArray());
        Assert.Single((await server.GetAsync("/v1/models")).Json["data"]!.AsArray());
        Assert.DoesNotContain(
            MetricsPage.Parse((await server.GetAsync("/metrics")).Text),
            sample => sample.Name == "vllm:num_requests_running");

        Assert.Equal(first, (await server.ChatAsync(Asking.Chat("Count to 6."))).Content);
        // A request may say how long: for ever, and not at all.
        (await server.PostAsync("/api/chat", Asking.Chat("Hello").With(("keep_alive", -1)))).With(200);
        clock.Skip(TimeSpan.FromDays(30));
        (await server.PostAsync("/api/chat", Asking.Chat("Hello").With(("keep_alive", 0)))).With(200);
        await TestServer.UntilAsync(() => UnloadedAfterSkip(server, clock), "the model stays");
    }

    [Fact]
    public async Task Model_UnloadedWhileItAnswers_EndsTheAnswerWithAnError()
    {
        await using TestServer server = await TestServer.StartTinyAsync();
        JsonObject named = Asking.Body("""{"model": "qwen3-tiny-chat"}""");
        using OpenStream stream = await server.OpenAsync(
            "/v1/completions", Asking.Endless(TestServer.Tiny, 4000), Cancellation);
        Assert.NotNull(await stream.NextAsync(Cancellation));
        (await server.PostAsync("/models/unload", named)).With(200);
        JsonNode? last = null;
        while (await stream.NextAsync(Cancellation) is { } piece)
            last = piece;
        Assert.NotNull(last?["error"]?["message"]);
        Assert.Null(server.Host.Models.Find(null).Loaded);
        (await server.PostAsync("/models/unload", named)).With(200); // Again is the same.
        (await server.PostAsync("/models/load", named)).With(200);
        (await server.PostAsync("/v1/chat/completions", Asking.Chat("Hello"))).With(200);
    }

    [Fact]
    public async Task Model_WhoseFileIsBroken_Is422AndTheOthersAreServed()
    {
        string broken = SharedFiles.Golden("cases/files/bad-type.gguf");
        await using TestServer server = await TestServer.StartTinyAsync(options => options with
        {
            Models = [.. options.Models, new ModelSource("broken", broken), new ModelSource("gone", "no/such.gguf")],
        });
        foreach (string model in (string[])["broken", "gone"])
        {
            for (int i = 0; i < 2; i++)
            {
                HttpAnswer answer = (await server.PostAsync(
                    "/v1/chat/completions", Asking.Chat("Hello").With(("model", model), ("stream", i == 1)))).With(422);
                Assert.Equal("model_unusable", answer.Json["error"]!["code"]!.GetValue<string>());
            }

            (await server.PostAsync("/api/chat", Asking.Chat("Hello").With(("model", model)))).With(422);
            (await server.PostAsync("/models/load", new JsonObject { ["model"] = model })).With(422);
            (await server.GetAsync($"/v1/models/{model}")).With(422);
        }

        (await server.PostAsync("/v1/chat/completions", Asking.Chat("Hello"))).With(200);
        foreach ((string path, string list) in ((string, string)[])
            [("/v1/models", "data"), ("/api/tags", "models"), ("/api/ps", "models")])
        {
            JsonArray models = (await server.GetAsync(path)).With(200).Json[list]!.AsArray();
            Assert.Contains("tiny", Assert.Single(models)!.ToJsonString(), StringComparison.Ordinal);
        }

        (await server.GetAsync("/metrics")).With(200);
        (await server.GetAsync("/props")).With(200);
    }

    [Fact]
    public async Task Reader_ThatDoesNotRead_IsGivenUpAndSlowsNobody()
    {
        const int TokensMax = 4000, Choices = 4;
        var deadline = TimeSpan.FromMilliseconds(300);
        await using TestServer server = await TestServer.StartTinyAsync(options => options with
        {
            ReaderDeadline = deadline,
            Engine = new EngineOptions { ReaderDeadline = deadline },
        });
        string expected = (await server.ChatAsync(Asking.Chat("Count to 6."))).Content;
        // More than any buffer on the way holds.
        string body = Asking.Endless(TestServer.Tiny, TokensMax).With(("n", Choices), ("logprobs", 20)).ToJsonString();
        using var silent = new TcpClient { ReceiveBufferSize = 4096 };
        await silent.ConnectAsync("127.0.0.1", new Uri(server.Host.Address).Port, Cancellation);
        await silent.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
            Cancellation);
        await TestServer.UntilAsync(() => server.Statistics.Running == Choices, "the silent reader is not served");

        Assert.Equal(expected, (await server.ChatAsync(Asking.Chat("Count to 6."))).Content);
        await server.UntilIdleAsync();
        Assert.InRange(server.Statistics.TokensGenerated, Choices, (Choices * TokensMax) - 1);
        string page = await server.MetricsWhenAsync(
            page => GivenUp(page) > 0, "the silent reader's request is not counted");
        Assert.Equal(2, MetricsPage.Sum(page, "vllm:request_success_total"));
        Assert.Equal(1, GivenUp(page));
        Assert.Equal(expected, (await server.ChatAsync(Asking.Chat("Count to 6."))).Content);
    }

    private static double GivenUp(string page) => MetricsPage.Sum(page, "fourteen:requests_cancelled_total")
        + MetricsPage.Sum(page, "fourteen:requests_failed_total");

    [Fact]
    public async Task Stop_WhileAnswersRun_LetsThemFinish()
    {
        TestServer server = await TestServer.StartTinyAsync(
            options => options with { ShutdownDeadline = TimeSpan.FromMinutes(5) });
        await using (server)
        {
            JsonObject body = Asking.Endless(TestServer.Tiny, 400);
            string alone = (await server.PostAsync("/v1/completions", body)).Text;
            using OpenStream stream = await server.OpenAsync("/v1/completions", body, Cancellation);
            JsonNode? first = await stream.NextAsync(Cancellation);
            Task stopping = server.Host.StopAsync(Cancellation);
            string text = ChatResult.TextOf(first!) + await stream.ReadTextAsync(Cancellation);
            Assert.Equal(string.Concat(HttpAnswer.DataOf(alone).Where(data => data != "[DONE]")
                .Select(data => ChatResult.TextOf(JsonNode.Parse(data)!))), text);
            await stopping;
            await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/health"));
        }
    }

    [Fact]
    public async Task Stop_BeyondItsDeadline_CutsAnswersOff()
    {
        TestServer server = await TestServer.StartTinyAsync(
            options => options with { ShutdownDeadline = TimeSpan.FromMilliseconds(50) });
        await using (server)
        {
            JsonObject body = Asking.Endless(TestServer.Tiny, 4000).With(("n", 4));
            using OpenStream stream = await server.OpenAsync("/v1/completions", body, Cancellation);
            Assert.NotNull(await stream.NextAsync(Cancellation));
            await server.Host.StopAsync(Cancellation);
            bool isCut = false;
            try
            {
                while (await stream.NextAsync(Cancellation) is { } piece)
                    isCut |= piece["error"] is not null;
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                isCut = true;
            }

            Assert.True(isCut, "the answer looks whole");
        }
    }

    private static bool UnloadedAfterSkip(TestServer server, SkippingClock clock)
    {
        clock.Skip(TimeSpan.FromMinutes(6));
        return server.Host.Models.Find(null).Loaded is null;
    }
}
