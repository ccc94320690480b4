using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Hosting;

/// <summary>Who may call.</summary>
public sealed class KeyTests
{
    private const string Secret = "s3cret-key";

    [Fact]
    public async Task Keys_MissingWrongAndRight_AreToldApartInEveryDialect()
    {
        await using TestServer server = await StartAsync();
        foreach ((string path, Func<JsonNode, string> message) in (IEnumerable<(string, Func<JsonNode, string>)>)
        [
            ("/v1/chat/completions", json => Of(json["error"]!, "authentication_error")),
            ("/completion", json => Of(json["error"]!, "authentication_error")),
            ("/v1/messages", json =>
            {
                Assert.Equal("error", json["type"]!.GetValue<string>());
                return Of(json["error"]!, "authentication_error");
            }),
            ("/api/chat", json => json["error"]!.GetValue<string>()),
            ("/no/such/path", json => Of(json["error"]!, "authentication_error")),
        ])
        {
            foreach ((string Name, string Value)[] shown in ((string, string)[][])
            [
                [], [("Authorization", "Bearer wrong")], [("Authorization", "Bearer ")], [("x-api-key", "wrong")],
                [("Authorization", $"Basic {Secret}")], [("Authorization", $"Bearer {Secret}x")],
                [("api_key", Secret)],
            ])
            {
                HttpAnswer refused = (await server.PostAsync(path, Asking.Chat("Hello", 1), shown)).With(401);
                Assert.Contains("API key", message(refused.Json), StringComparison.Ordinal);
                Assert.DoesNotContain(Secret, refused.Text, StringComparison.Ordinal);
            }
        }

        foreach ((string, string) right in ((string, string)[])
        [
            ("Authorization", $"Bearer {Secret}"), ("authorization", $"bearer {Secret}"), ("x-api-key", Secret),
            ("x-api-key", "other"),
        ])
        {
            (await server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 1), right)).With(200);
        }

        (await server.SendAsync("HEAD", "/v1/models", null)).With(401);
        Assert.All(server.Log.Lines, line => Assert.DoesNotContain(Secret, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    [InlineData("192.0.2.1")]
    public async Task Start_BeyondThisMachineWithoutKey_IsRefused(string address)
    {
        RequestException refused = await Assert.ThrowsAsync<RequestException>(
            () => TestServer.StartTinyAsync(options => options with { Host = address }));
        Assert.Equal("host", refused.Parameter);
        Assert.Contains("--api-key", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--insecure", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_EverywhereWithKeyOrInsecure_Listens(bool insecure)
    {
        await using TestServer server = await TestServer.StartTinyAsync(options => options with
        {
            Host = "0.0.0.0",
            Insecure = insecure,
            ApiKeys = insecure ? [] : [new ApiKey("team", Secret)],
        });
        server.Client.BaseAddress = new Uri(
            server.Host.Address.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        Assert.Equal(insecure ? 200 : 401, (await server.GetAsync("/v1/models")).Status);
        (await server.GetAsync("/health")).With(200);
        // Whoever serves others is called by names that it does not know.
        Assert.Equal(insecure ? 200 : 401, (await server.GetAsync("/v1/models", ("Host", "llm.example"))).Status);
    }

    [Fact]
    public async Task Start_AtATakenPort_SaysSo()
    {
        await using TestServer server = await StartAsync();
        int port = new Uri(server.Host.Address).Port;
        RequestException refused = await Assert.ThrowsAsync<RequestException>(
            () => TestServer.StartTinyAsync(options => options with { Port = port }));
        Assert.Contains($"127.0.0.1:{port}", refused.Message, StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartTinyAsync(options => options with
    {
        ApiKeys = [new ApiKey("team", Secret), new ApiKey("second", "other")],
    });

    private static string Of(JsonNode error, string type)
    {
        Assert.Equal(type, error["type"]!.GetValue<string>());
        return error["message"]!.GetValue<string>();
    }
}
