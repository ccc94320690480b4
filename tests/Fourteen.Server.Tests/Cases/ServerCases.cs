using System.Text.Json.Nodes;
using Fourteen.Engine;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>Checks of the rows about the server itself.</summary>
internal static class ServerCases
{
    private static readonly string[] AskedHeaders =
        ["authorization", "content-type", "x-stainless-lang", "dangerously-allow-browser"];

    internal static Dictionary<string, Func<CaseRow, TestServer, Task>> Checks { get; } = new()
    {
        ["B069"] = StreamedUsageAsync,
        ["B071"] = CountedTokensAsync,
        ["B073"] = PreflightAsync,
        ["B075"] = AbandonedRequestsAsync,
        ["B077"] = ErrorsInTheirFormAsync,
    };

    private static async Task StreamedUsageAsync(CaseRow row, TestServer server)
    {
        JsonNode whole = (await server.ChatAsync(row.Body(0).With(("stream", false), ("stream_options", null)))).Usage!;
        foreach (int request in (int[])[0, 2])
        {
            HttpAnswer answer = (await row.SendAsync(server, request)).With(200);
            Assert.EndsWith("data: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
            IReadOnlyList<JsonNode> pieces = answer.Events;
            Assert.Empty(pieces[^1]["choices"]!.AsArray());
            JsonNode usage = pieces[^1]["usage"]!;
            Assert.Equal(
                Count(usage, "prompt_tokens") + Count(usage, "completion_tokens"), Count(usage, "total_tokens"));
            Assert.All(pieces.SkipLast(1), piece => Assert.Null(piece["usage"]));
            Assert.All(pieces.SkipLast(1), piece => Assert.Single(piece["choices"]!.AsArray()));
            Assert.Single(pieces.SkipLast(1), piece => piece["choices"]![0]!["finish_reason"] is not null);
            string kind = request == 0 ? "chat.completion.chunk" : "text_completion";
            Assert.All(pieces, piece => Assert.Equal(kind, piece["object"]!.GetValue<string>()));
            if (request > 0)
                continue;
            Assert.Equal(19, Count(usage, "prompt_tokens"));
            Assert.Equal(Count(whole, "completion_tokens"), Count(usage, "completion_tokens"));
        }

        HttpAnswer without = (await row.SendAsync(server, 1)).With(200);
        Assert.All(without.Events, piece => Assert.Null(piece["usage"]));
        Assert.All(without.Events, piece => Assert.Single(piece["choices"]!.AsArray()));
    }

    private static async Task CountedTokensAsync(CaseRow row, TestServer server)
    {
        async Task<int> CountedAsync(string path, JsonNode body) =>
            Count((await server.PostAsync(path, body)).With(200).Json, "input_tokens");

        int plain = Count((await row.SendAsync(server, 0)).With(200).Json, "input_tokens");
        Assert.Contains(plain, (int[])[9, 13]);
        HttpAnswer message = (await row.SendAsync(server, 1)).With(200);
        Assert.Equal(plain, Count(message.Json["usage"]!, "input_tokens"));

        int more = Count((await row.SendAsync(server, 2)).With(200).Json, "input_tokens");
        Assert.True(more > plain, $"{more} with system and tools, {plain} without");
        HttpAnswer moreMessage = await server.PostAsync("/v1/messages", row.Body(2).With(("max_tokens", 5)));
        Assert.Equal(more, Count(moreMessage.With(200).Json["usage"]!, "input_tokens"));
        JsonObject thinking = row.Body(0).With(("thinking", Asking.Body("""{"type": "adaptive"}""")));
        Assert.Equal(9, await CountedAsync("/v1/messages/count_tokens", thinking));
    }

    private static async Task PreflightAsync(CaseRow row, TestServer server)
    {
        HttpAnswer off = await row.SendAsync(server, 0);
        Assert.Null(off.Header("Access-Control-Allow-Origin"));
        Assert.Contains("origin", off.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("messages", off.Text, StringComparison.Ordinal);

        Assert.Equal((200, ""), Said(await row.SendAsync(server, 1)));
        Assert.Equal((200, ""), Said(await row.SendAsync(server, 2)));
        foreach (int slashed in (int[])[3, 4])
            Assert.Contains((await row.SendAsync(server, slashed)).Status, (int[])[200, 404]);

        await using TestServer open = await TestServer.StartTinyAsync(options => options with
        {
            CorsOrigins = ["http://localhost:5173"],
            ApiKeys = [new ApiKey("team", "SECRET")],
        });
        HttpAnswer on = await row.SendAsync(open, 0);
        Assert.InRange(on.Status, 200, 299);
        Assert.Equal("http://localhost:5173", on.Header("Access-Control-Allow-Origin"));
        Assert.Contains("POST", on.Header("Access-Control-Allow-Methods")!, StringComparison.Ordinal);
        Assert.All(AskedHeaders, name => Assert.Contains(
            name, on.Header("Access-Control-Allow-Headers")!, StringComparison.OrdinalIgnoreCase));
    }

    private static (int Status, string Text) Said(HttpAnswer answer) => (answer.Status, answer.Text);

    private static async Task AbandonedRequestsAsync(CaseRow row, TestServer shared)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using TestServer server = await TestServer.StartAsync(options => options with
        {
            Models = [TestServer.Found(TestServer.EmbeddedSource)],
            Model = new ModelOptions { SequencesMax = 1 },
        });
        JsonObject streamed = Asking.Endless(TestServer.Embedded, 8000);
        JsonObject brief = Asking.Endless(TestServer.Embedded, 2, stream: false);

        // A is read for two pieces.
        using (OpenStream a = await server.OpenAsync("/v1/completions", streamed, cancellation))
        {
            Assert.NotNull(await a.NextAsync(cancellation));
            Assert.NotNull(await a.NextAsync(cancellation));
        }

        await RestAsync(1);

        // B sends nothing before its end; it goes away once it is computed.
        using (var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            long before = server.StatisticsOf(TestServer.Embedded).TokensGenerated;
            Task<OpenStream> b = server.OpenAsync("/v1/completions", streamed.With(("stream", false)), left.Token);
            await TestServer.UntilAsync(
                () => server.StatisticsOf(TestServer.Embedded).TokensGenerated > before, "B is not computed");
            await left.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => b);
        }

        await RestAsync(2);

        // C waits behind D and leaves before it is its turn.
        using (var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        using (OpenStream d = await server.OpenAsync("/v1/completions", streamed, cancellation))
        {
            Assert.NotNull(await d.NextAsync(cancellation));
            long computed = server.StatisticsOf(TestServer.Embedded).PromptTokensComputed;
            Task<OpenStream> c = server.OpenAsync(
                "/v1/completions", streamed.With(("prompt", "Once upon a time")), left.Token);
            await TestServer.UntilAsync(
                () => server.StatisticsOf(TestServer.Embedded).Waiting == 1, "C does not wait");
            await left.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => c);
            await TestServer.UntilAsync(
                () => server.StatisticsOf(TestServer.Embedded).Waiting == 0, "C keeps its place");
            Assert.Equal(1, server.StatisticsOf(TestServer.Embedded).Running);
            Assert.NotNull(await d.NextAsync(cancellation));
            Assert.Equal(computed, server.StatisticsOf(TestServer.Embedded).PromptTokensComputed);
        }

        await RestAsync(4);

        async Task RestAsync(int cancelled)
        {
            await server.UntilIdleAsync(TestServer.Embedded);
            (await server.PostAsync("/v1/completions", brief)).With(200);
            await server.UntilIdleAsync(TestServer.Embedded);
            string page = await server.MetricsWhenAsync(
                page => MetricsPage.Sum(page, "fourteen:requests_cancelled_total") >= cancelled,
                $"{cancelled} requests should be counted as cancelled");
            Assert.Equal(0, MetricsPage.Sum(page, "vllm:num_requests_running"));
            Assert.Equal(0, MetricsPage.Sum(page, "vllm:num_requests_waiting"));
            Assert.Equal(0, MetricsPage.Sum(page, "fourteen:kv_blocks_in_use"));
            Assert.Equal(cancelled, MetricsPage.Sum(page, "fourteen:requests_cancelled_total"));
            Assert.Equal(0, MetricsPage.Sum(page, "fourteen:requests_failed_total"));
            // Of the requests so far, only the brief ones are successes.
            Assert.Equal(cancelled == 4 ? 3 : cancelled, MetricsPage.Sum(page, "vllm:request_success_total"));
        }
    }

    private static async Task ErrorsInTheirFormAsync(CaseRow row, TestServer server)
    {
        for (int i = 0; i < row.Requests.Count; i++)
        {
            JsonNode expected = row.Expected[i]!;
            HttpAnswer answer = (await row.SendAsync(server, i)).With(expected["status"]!.GetValue<int>());
            JsonNode body = expected["body"]!;
            string name = row.Requests[i]["json"]?["model"]?.GetValue<string>() ?? "";
            if (body["error"] is JsonValue)
            {
                Assert.Contains(name, answer.Json["error"]!.GetValue<string>(), StringComparison.Ordinal);
                continue;
            }

            JsonNode error = answer.Json["error"]!;
            Assert.Contains(name, error["message"]!.GetValue<string>(), StringComparison.Ordinal);
            foreach (string fixedMember in (string[])["type", "code"])
            {
                if (body["error"]![fixedMember] is { } value)
                    Assert.Equal(value.GetValue<string>(), error[fixedMember]!.GetValue<string>());
            }

            Assert.Equal(body["type"]?.GetValue<string>(), answer.Json["type"]?.GetValue<string>());
        }
    }

    private static int Count(JsonNode node, string name) => node[name]!.GetValue<int>();
}
