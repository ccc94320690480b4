using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Hosting;

/// <summary>What comes from outside and is refused before any model sees it.</summary>
public sealed class BorderTests(ServerFixture fixture)
{
    private TestServer Server => fixture.Server;

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("evil.example:80", 403)]
    [InlineData("127.0.0.1.evil.example", 403)]
    [InlineData("localhost", 200)]
    [InlineData("localhost:1234", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:8080", 200)]
    public async Task HostHeader_OfANameThatIsNotThisMachine_IsRefused(string host, int status)
    {
        foreach (string path in (string[])["/v1/models", "/", "/health"])
            (await Server.GetAsync(path, ("Host", host))).With(status);
    }

    [Fact]
    public async Task Origin_OfAnotherSite_IsRefusedUnlessItIsAllowed()
    {
        HttpAnswer off = (await Server.PostAsync(
            "/v1/chat/completions", Asking.Chat("Hello", 1), ("Origin", "https://evil.example"))).With(403);
        Assert.Equal("permission_error", off.Json["error"]!["type"]!.GetValue<string>());
        Assert.Null(off.Header("Access-Control-Allow-Origin"));
        (await Server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 1), ("Origin", "null"))).With(403);
        (await Server.PostAsync(
            "/v1/chat/completions", Asking.Chat("Hello", 1), ("Origin", Server.Host.Address))).With(200);

        await using TestServer open = await TestServer.StartTinyAsync(
            options => options with { CorsOrigins = ["https://app.example"] });
        HttpAnswer on = (await open.PostAsync(
            "/v1/chat/completions", Asking.Chat("Hello", 1), ("Origin", "https://app.example"))).With(200);
        Assert.Equal("https://app.example", on.Header("Access-Control-Allow-Origin"));
        Assert.Equal("Origin", on.Header("Vary"));
        // An error is readable for the page too.
        HttpAnswer wrong = (await open.PostAsync(
            "/v1/chat/completions", "{", ("Origin", "https://app.example"))).With(400);
        Assert.Equal("https://app.example", wrong.Header("Access-Control-Allow-Origin"));
        (await open.GetAsync("/v1/models", ("Origin", "https://other.example"))).With(403);
    }

    [Fact]
    public async Task Body_LargerThanTheLimit_Is413InTheDialectsForm()
    {
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { BodyBytesMax = 2000 });
        string large = Asking.Chat(new string('x', 5000)).ToJsonString();
        HttpAnswer openAi = (await server.PostAsync("/v1/chat/completions", large)).With(413);
        Assert.Equal("request_too_large", openAi.Json["error"]!["code"]!.GetValue<string>());
        HttpAnswer ollama = (await server.PostAsync("/api/chat", large)).With(413);
        Assert.NotEmpty(ollama.Json["error"]!.GetValue<string>());
        HttpAnswer anthropic = (await server.PostAsync("/v1/messages", large)).With(413);
        Assert.Equal("request_too_large", anthropic.Json["error"]!["type"]!.GetValue<string>());
        (await server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 1))).With(200);
    }

    [Fact]
    public async Task Body_NestedTooDeeply_Is400()
    {
        foreach (int depth in (int[])[65, 100_000])
        {
            string json = $"{{\"messages\": {new string('[', depth)}{new string(']', depth)}}}";
            HttpAnswer answer = (await Server.PostAsync("/v1/chat/completions", json)).With(400);
            Assert.Contains("JSON", answer.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        string schema = string.Concat(Enumerable.Repeat("{\"type\":\"array\",\"items\":", 40)) + "{}"
            + new string('}', 40);
        HttpAnswer deep = await Server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 5).With(
            ("response_format", JsonNode.Parse(
                $"{{\"type\": \"json_schema\", \"json_schema\": {{\"name\": \"s\", \"schema\": {schema}}}}}"))));
        Assert.Contains(deep.Status, (int[])[200, 400]);
    }

    [Fact]
    public async Task Body_ThatComesTooSlowly_Is408()
    {
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { BodyTimeMax = TimeSpan.FromMilliseconds(200) });
        string answer = await RawAsync(
            server, "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"mod");
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("\"timeout_error\"", answer, StringComparison.Ordinal);
        (await server.GetAsync("/health")).With(200);
    }

    [Theory]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{\"m", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400")]
    [InlineData("NONSENSE\r\n\r\n", "400")]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    public async Task Connection_WithNonsense_HarmsNobody(string bytes, string? status)
    {
        if (status is null)
        {
            // The client closes its connection within its body.
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port(Server), TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(bytes), TestContext.Current.CancellationToken);
        }
        else
        {
            Assert.StartsWith($"HTTP/1.1 {status}", await RawAsync(Server, bytes), StringComparison.Ordinal);
        }

        (await Server.GetAsync("/health")).With(200);
    }

    [Theory]
    [InlineData("GET", "/no/such/path", 404)]
    [InlineData("POST", "/v1/nothing", 404)]
    [InlineData("POST", "/api/nothing", 404)]
    [InlineData("POST", "/v1/messages/batches", 404)]
    [InlineData("GET", "/v1/models/nosuchmodel", 404)]
    [InlineData("GET", "/v1/models/org/nosuchmodel", 404)]
    [InlineData("GET", "/v1/chat/completions", 405)]
    [InlineData("DELETE", "/api/chat", 405)]
    [InlineData("PUT", "/v1/messages", 405)]
    public async Task PathOrMethod_ThatIsUnknown_IsAnsweredInTheDialectsForm(string method, string path, int status)
    {
        JsonNode json = (await Server.SendAsync(method, path, null)).With(status).Json;
        if (path.StartsWith("/api", StringComparison.Ordinal))
        {
            Assert.NotEmpty(json["error"]!.GetValue<string>());
            return;
        }

        Assert.Equal(
            path.StartsWith("/v1/messages", StringComparison.Ordinal) ? "error" : null,
            json["type"]?.GetValue<string>());
        Assert.NotEmpty(json["error"]!["type"]!.GetValue<string>());
        Assert.NotEmpty(json["error"]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task UnknownFields_AreNamedInAHeader()
    {
        HttpAnswer answer = (await Server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 1).With(
            ("wibble", 1), ("x\r\nSet-Cookie: a", 2), ("metadata", new JsonObject())))).With(200);
        string named = answer.Header("X-Fourteen-Ignored")!;
        Assert.Contains("wibble", named, StringComparison.Ordinal);
        Assert.DoesNotContain("metadata", named, StringComparison.Ordinal);
        Assert.Null(answer.Header("Set-Cookie"));
        HttpAnswer refused = (await Server.PostAsync(
            "/v1/chat/completions", Asking.Chat("Hello", 1).With(("bad_words", new JsonArray("a"))))).With(400);
        Assert.Contains("bad_words", refused.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("bad_words", refused.Json["error"]!["param"]!.GetValue<string>());
    }

    /// <summary>Sends bytes and reads what comes until the server closes or has sent a whole small answer.</summary>
    private static async Task<string> RawAsync(TestServer server, string bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port(server), TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(bytes), TestContext.Current.CancellationToken);
        byte[] buffer = new byte[4096];
        int count = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static int Port(TestServer server) => new Uri(server.Host.Address).Port;
}
