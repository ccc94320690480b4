using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Hosting;

/// <summary>What a server writes down.</summary>
public sealed class LogTests
{
    private const string Canary = "CANARY4417";

    [Fact]
    public async Task Log_OfAnyLevel_HoldsNothingOfPromptsAndAnswers()
    {
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { ApiKeys = [new ApiKey("team", "KEY-" + Canary)] });
        (string, string) key = ("x-api-key", "KEY-" + Canary);
        JsonObject body = Asking.Chat($"Repeat: {Canary}", 30).With(
            ("structured_outputs", new JsonObject { ["choice"] = new JsonArray($"answer {Canary}") }));
        HttpAnswer answer = (await server.PostAsync("/v1/chat/completions", body, key)).With(200);
        Assert.Contains(Canary, answer.Text, StringComparison.Ordinal);
        await server.PostAsync("/v1/chat/completions", body.With(("stream", true)), key);
        await server.PostAsync("/v1/chat/completions", body.With(("temperature", Canary)), key);
        await server.PostAsync("/v1/chat/completions", $"{{\"messages\": {Canary}", key);
        await server.PostAsync("/api/chat", body, key);
        await server.PostAsync("/v1/embeddings", new JsonObject { ["input"] = Canary }, key);
        await server.PostAsync("/tokenize", new JsonObject { ["content"] = Canary }, key);
        await server.PostAsync("/v1/messages", body.With(("model", Canary)), ("x-api-key", Canary));

        Assert.All(server.Log.Lines, line => Assert.DoesNotContain(Canary, line, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_WhereItIsAsked_HoldsPromptsAndAnswersButNoKeys()
    {
        await using TestServer server = await TestServer.StartTinyAsync(
            options => options with { LogPrompts = true, ApiKeys = [new ApiKey("team", "KEY-" + Canary)] });
        (await server.PostAsync(
            "/v1/chat/completions", Asking.Chat("Repeat: Oslo Quito"), ("x-api-key", "KEY-" + Canary))).With(200);
        Assert.Contains(server.Log.Lines, line => line.Contains("Repeat: Oslo Quito", StringComparison.Ordinal));
        Assert.Contains(server.Log.Lines, line => line.Contains("answered: Oslo Quito", StringComparison.Ordinal));
        Assert.All(server.Log.Lines, line => Assert.DoesNotContain(Canary, line, StringComparison.Ordinal));
    }
}
