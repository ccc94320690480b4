using System.Text.Json;

namespace Fourteen.Clients.Tests.Node;

/// <summary>The clients of JavaScript, each by a script beside this file.</summary>
public sealed class NodeTests(ServerFixture servers, NodeClients clients)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAi_ChatsStreamsAndCallsTools()
    {
        JsonElement told = await RunAsync("openai.mjs");

        Assert.Equal(Questions.CapitalAnswer, Text(told, "text"));
        Assert.Equal("stop", Text(told, "reason"));
        Assert.True(Count(told, "tokens") > Count(told, "streamTokens"));
        Assert.Equal(Questions.CapitalAnswer, Text(told, "streamed"));
        Assert.Equal(Questions.CapitalThought, Text(told, "thought"));
        Assert.Equal("Paris", Text(told, "asked"));
        Assert.Equal("The weather in Paris is windy.", Text(told, "toolAnswer"));
        Assert.Equal("get_weather", told.GetProperty("call").GetProperty("name").GetString());
        Assert.Equal(
            "Paris",
            Questions.Json(Text(told.GetProperty("call"), "arguments")).GetProperty("city").GetString());
        Assert.Equal(3, Count(told, "pieces"));
        Assert.Equal([ServerFixture.Tiny, ServerFixture.Embedded], Texts(told, "models"));
        Assert.Equal(256, Count(told, "vector"));
        Assert.Equal("NotFoundError", Text(told.GetProperty("unknown"), "name"));
        Assert.Equal(404, Count(told.GetProperty("unknown"), "status"));
    }

    [Fact]
    public async Task Anthropic_ChatsStreamsAndCallsTools()
    {
        JsonElement told = await RunAsync("anthropic.mjs");

        Assert.Equal(Questions.CapitalAnswer, Text(told, "text"));
        Assert.Equal("end_turn", Text(told, "reason"));
        Assert.Equal(Questions.CapitalAnswer, Text(told, "streamed"));
        Assert.Equal(["thinking", "text"], Texts(told, "blocks"));
        Assert.Equal(Questions.CapitalThought, Text(told, "thought"));
        Assert.Equal("tool_use", Text(told, "toolReason"));
        Assert.Equal("Paris", Text(told, "asked"));
        Assert.Equal("The weather in Paris is windy.", Text(told, "toolAnswer"));
        Assert.Equal(Count(told, "used"), Count(told, "counted"));
        Assert.Equal(3, Count(told, "pieces"));
        Assert.Equal([ServerFixture.Tiny, ServerFixture.Embedded], Texts(told, "models"));
        Assert.Equal("NotFoundError", Text(told.GetProperty("unknown"), "name"));
    }

    [Fact]
    public async Task Ollama_ChatsStreamsAndCallsTools()
    {
        JsonElement told = await RunAsync("ollama.mjs");

        Assert.Equal(Questions.CapitalAnswer, Text(told, "text"));
        Assert.Equal(Questions.CapitalThought, Text(told, "thought"));
        Assert.Equal("stop", Text(told, "reason"));
        Assert.True(Count(told, "tokens") > Count(told, "streamTokens"));
        Assert.Equal(Questions.CapitalAnswer, Text(told, "streamed"));
        Assert.Equal("Paris", Text(told, "asked"));
        Assert.Equal("The weather in Paris is windy.", Text(told, "toolAnswer"));
        Assert.Equal((3, "AbortError"), (Count(told, "pieces"), Text(told, "ended")));
        Assert.Equal([ServerFixture.Tiny, ServerFixture.Embedded], Texts(told, "models"));
        Assert.Contains("thinking", Texts(told, "capabilities"));
        Assert.Equal(256, Count(told, "vector"));
        Assert.Equal(Questions.CapitalAnswer, Text(told, "generated"));
        Assert.Equal("ResponseError", Text(told.GetProperty("unknown"), "name"));
        Assert.Equal(404, Count(told.GetProperty("unknown"), "status"));
    }

    private async Task<JsonElement> RunAsync(string script) =>
        await clients.RunAsync(script, await servers.OpenAsync(Cancellation), Cancellation);

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetString() ?? "";

    private static int Count(JsonElement told, string name) => told.GetProperty(name).GetInt32();

    private static IEnumerable<string?> Texts(JsonElement told, string name) =>
        told.GetProperty(name).EnumerateArray().Select(item => item.GetString());
}
