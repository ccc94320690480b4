using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Endpoints;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>Walks every path of the server.</summary>
public sealed class EndpointTableTests
{
    private const string Secret = "KEY";

    /// <summary>A body for each path that takes one; aliases share it.</summary>
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["/v1/chat/completions"] = """{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}""",
        ["/v1/completions"] = """{"prompt": "Hello", "max_tokens": 2}""",
        ["/v1/embeddings"] = """{"input": "Hello"}""",
        ["/v1/messages"] = """{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}""",
        ["/v1/messages/count_tokens"] = """{"messages": [{"role": "user", "content": "Hello"}]}""",
        ["/api/chat"] = """{"messages": [{"role": "user", "content": "Hello"}], "options": {"num_predict": 2}}""",
        ["/api/generate"] = """{"prompt": "Hello", "options": {"num_predict": 2}}""",
        ["/api/embed"] = """{"input": "Hello"}""",
        ["/api/embeddings"] = """{"prompt": "Hello"}""",
        ["/api/show"] = """{"model": "qwen3-tiny-chat"}""",
        ["/completion"] = """{"prompt": "Hello", "n_predict": 2}""",
        ["/infill"] = """{"input_prefix": "Hello", "input_suffix": "you", "n_predict": 2}""",
        ["/tokenize"] = """{"content": "Hello"}""",
        ["/detokenize"] = """{"tokens": [300]}""",
        ["/apply-template"] = """{"messages": [{"role": "user", "content": "Hello"}]}""",
        ["/models/load"] = """{"model": "qwen3-tiny-chat"}""",
        ["/models/unload"] = """{"model": "qwen3-tiny-chat"}""",
    };

    private static readonly (string, string) Key = ("Authorization", $"Bearer {Secret}");

    private static IEnumerable<ServerEndpoint> Posts => EndpointTable.Rows.Where(row => row.Method == "POST");

    [Fact]
    public void Table_HasEachPathOnce_AndPublicPathsTakeNoBody()
    {
        Assert.Equal(
            EndpointTable.Rows.Count, EndpointTable.Rows.Select(row => (row.Method, row.Path)).Distinct().Count());
        Assert.All(EndpointTable.Rows.Where(row => row.IsPublic), row => Assert.Equal("GET", row.Method));
        Assert.All(DialectTable.Endpoints, row => Assert.Contains(row.Path, Samples.Keys));
    }

    [Fact]
    public async Task EveryPath_AnswersWithItsKeyAlone()
    {
        await using TestServer server = await StartAsync();
        foreach (ServerEndpoint row in EndpointTable.Rows)
        {
            string path = row.Path.Replace("{**name}", TestServer.Tiny, StringComparison.Ordinal);
            string? body = row.Method == "POST" ? SampleOf(path) : null;
            HttpAnswer without = await server.SendAsync(row.Method, path, body);
            if (row.IsPublic)
                Assert.Contains(without.Status, (int[])[200, 503]); // /ready, as nothing is loaded yet.
            else
                AssertError(row, without.With(401));
            HttpAnswer with = await server.SendAsync(row.Method, path, body, Key);
            int[] expected = path == "/ready" ? [200, 503] : [200];
            Assert.True(expected.Contains(with.Status), $"{path}: {with.Status} {with.Text}");
            if (with.Status >= 400 && path != "/ready")
                AssertError(row, with);
            Assert.NotEmpty(with.Text);
            if (row.Method != "GET")
                continue;
            HttpAnswer head = await server.SendAsync("HEAD", path, null, Key);
            Assert.Equal((with.Status, ""), (head.Status, head.Text));
        }
    }

    [Fact]
    public async Task EveryPathWithABody_RefusesWhatIsNoRequest()
    {
        await using TestServer server = await StartAsync();
        foreach (ServerEndpoint row in Posts)
        {
            foreach (string body in (string[])["", "{", "[]", "null", "1", "\"x\"", "{\"model\": 1}", "{}{}", "\0"])
            {
                HttpAnswer answer = await server.PostAsync(row.Path, body, Key);
                Assert.True(answer.Status == 400, $"{row.Path} {body}: {answer.Status} {answer.Text}");
                AssertError(row, answer);
            }
        }

        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryPathWithABody_MayBeLeft()
    {
        await using TestServer server = await StartAsync();
        await server.PostAsync("/models/load", SampleOf("/models/load"), Key);
        server.Client.DefaultRequestHeaders.Add(Key.Item1, Key.Item2);
        foreach (ServerEndpoint row in Posts.Where(row => row.Path != "/models/unload"))
        {
            using var left = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            JsonObject body = Asking.Body(SampleOf(row.Path)).With(("stream", true));
            Task<OpenStream> asking = server.OpenAsync(row.Path, body, left.Token);
            await left.CancelAsync();
            try
            {
                (await asking).Dispose();
            }
            catch (OperationCanceledException)
            {
                // It left before an answer came.
            }
        }

        await server.UntilIdleAsync();
        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static Task<TestServer> StartAsync() =>
        TestServer.StartTinyAsync(options => options with { ApiKeys = [new ApiKey("team", Secret)] });

    private static string SampleOf(string path) => Samples[
        DialectTable.Endpoints.Single(row => row.Path == path || row.Aliases.Contains(path)).Path];

    private static void AssertError(ServerEndpoint row, HttpAnswer answer)
    {
        Assert.StartsWith("application/json", answer.ContentType, StringComparison.Ordinal);
        JsonNode error = answer.Json["error"]!;
        if (row.Dialect == DialectTable.Ollama)
        {
            Assert.NotEmpty(error.GetValue<string>());
            return;
        }

        Assert.NotEmpty(error["message"]!.GetValue<string>());
        Assert.NotEmpty(error["type"]!.GetValue<string>());
        if (row.Dialect == DialectTable.Anthropic)
            Assert.Equal("error", answer.Json["type"]!.GetValue<string>());
        else
            Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(pair => pair.Key));
    }
}
