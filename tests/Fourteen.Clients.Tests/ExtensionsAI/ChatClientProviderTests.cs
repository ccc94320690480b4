using System.Text.Json.Nodes;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.ExtensionsAI;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;
using ChatMessage = Fourteen.Protocol.Chat.ChatMessage;

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>Chat clients as providers. There and back again must be the same answer.</summary>
public sealed class ChatClientProviderTests(LocalModel local)
{
    private static readonly ToolDefinition WeatherTool = ToolDefinition.Create(
        "get_weather", Questions.WeatherDescription, JsonNode.Parse(Questions.WeatherSchema), strict: false);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool?> Dialogues => new()
    {
        { Questions.Capital, null }, { Questions.Capital, false }, { Questions.Weather, true },
        { Questions.TwoWeathers, false }, { "Count to 6.", true },
    };

    [Theory]
    [MemberData(nameof(Dialogues))]
    public async Task Answer_ByAClientOfTheProvider_IsTheProvidersOwn(string question, bool? thinks)
    {
        LocalProvider direct = await ProviderAsync();
        IProvider around = direct.AsChatClient().AsProvider(TimeProvider.System);
        ChatRequest request = Ask(question) with { Think = thinks, Tools = [WeatherTool] };

        ChatAnswer expected = await direct.StreamAsync(request, Cancellation).CollectAsync(Cancellation);
        ChatAnswer answer = await around.StreamAsync(request, Cancellation).CollectAsync(Cancellation);

        ChatChoice own = Assert.Single(expected.Choices);
        ChatChoice choice = Assert.Single(answer.Choices);
        Assert.Equal((own.Text, own.Thought, own.Reason), (choice.Text, choice.Thought, choice.Reason));
        Assert.Equal(
            own.ToolCalls.Select(call => (call.Name, JsonNode.Parse(call.Arguments)?.ToJsonString())),
            choice.ToolCalls.Select(call => (call.Name, JsonNode.Parse(call.Arguments)?.ToJsonString())));
        Assert.Equal(
            (expected.Usage.PromptTokens, expected.Usage.CompletionTokens, expected.Usage.ThoughtTokens, 14UL),
            (answer.Usage.PromptTokens, answer.Usage.CompletionTokens, answer.Usage.ThoughtTokens, answer.Usage.Seed));
    }

    [Fact]
    public async Task Result_OfATool_ReachesTheModel()
    {
        IProvider provider = (await ProviderAsync()).AsChatClient().AsProvider(TimeProvider.System);
        ChatRequest request = Ask("What is the weather in Rome?") with
        {
            Tools = [WeatherTool],
            Messages =
            [
                new ChatMessage("user", "What is the weather in Rome?"),
                new ChatMessage("assistant", "")
                {
                    ToolCalls = [new ToolCall("call_1", "get_weather", JsonNode.Parse("""{"city": "Rome"}"""))],
                },
                new ChatMessage("tool", "windy") { ToolCallId = "call_1" },
            ],
        };

        ChatAnswer answer = await provider.StreamAsync(request, Cancellation).CollectAsync(Cancellation);

        Assert.Equal("The weather in Rome is windy.", answer.Choices[0].Text);
    }

    [Fact]
    public async Task Schema_OfAnAnswer_IsKept()
    {
        IProvider provider = (await ProviderAsync()).AsChatClient().AsProvider(TimeProvider.System);
        ChatRequest request = Ask(Questions.AsJson) with
        {
            Think = false,
            Constraint = new JsonSchemaConstraint(JsonNode.Parse(Questions.CapitalSchema)!), // It is an object.
        };

        ChatAnswer answer = await provider.StreamAsync(request, Cancellation).CollectAsync(Cancellation);

        Assert.Equal("Lima", Questions.Json(answer.Choices[0].Text).GetProperty("capital").GetString());
    }

    [Fact]
    public async Task Limit_ThatIsReached_IsTold()
    {
        IProvider provider = (await ProviderAsync()).AsChatClient().AsProvider(TimeProvider.System);

        ChatAnswer answer = await provider.StreamAsync(Ask(Questions.Capital) with { MaxTokens = 3 }, Cancellation)
            .CollectAsync(Cancellation);

        Assert.Equal(Protocol.Chat.FinishReason.Length, answer.Choices[0].Reason);
        Assert.Equal(3, answer.Usage.CompletionTokens);
    }

    public static TheoryData<string, ChatRequest> Unknown => new()
    {
        { "prompt", Ask("x") with { Text = "x" } },
        { "n", Ask("x") with { Choices = 2 } },
        { "logprobs", Ask("x") with { TopLogprobs = 1 } },
        { "min_p", Ask("x") with { Sampling = new SamplingSettings { MinP = 0.1 } } },
        { "response_format", Ask("x") with { Constraint = new RegexConstraint("a+") } },
        { "thinking_token_budget", Ask("x") with { ThinkBudget = 5 } },
    };

    [Theory]
    [MemberData(nameof(Unknown), DisableDiscoveryEnumeration = true)]
    public async Task Request_ThatNoClientHasAWordFor_IsRefusedByName(string name, ChatRequest request)
    {
        IProvider provider = (await ProviderAsync()).AsChatClient().AsProvider(TimeProvider.System);

        RequestException refused = await Assert.ThrowsAsync<RequestException>(
            () => provider.StreamAsync(request, Cancellation).CollectAsync(Cancellation));

        Assert.Equal(name, refused.Parameter);
    }

    [Fact]
    public async Task Calls_ThatTheClientHasServed_AreNoCallsOfTheAnswer()
    {
        var weather = new Weather();
        using IChatClient invoking = (await ProviderAsync()).AsChatClient().AsBuilder()
            .ConfigureOptions(options => options.Tools = [weather.Function]).UseFunctionInvocation().Build();

        ChatAnswer answer = await invoking.AsProvider(TimeProvider.System)
            .StreamAsync(Ask(Questions.Weather), Cancellation).CollectAsync(Cancellation);

        Assert.Equal(["Paris"], weather.Asked);
        Assert.Empty(answer.Choices[0].ToolCalls);
        Assert.EndsWith("The weather in Paris is windy.", answer.Choices[0].Text, StringComparison.Ordinal);
        Assert.Equal(Protocol.Chat.FinishReason.Stop, answer.Choices[0].Reason);
    }

    private static ChatRequest Ask(string question) => new()
    {
        Messages = [new ChatMessage("user", question)],
        Sampling = new SamplingSettings { Temperature = 0, Seed = 14 },
    };

    private async Task<LocalProvider> ProviderAsync()
    {
        (InferenceEngine engine, LoadedModel model) = await local.LoadAsync(Cancellation);
        return new LocalProvider(engine, model, TimeProvider.System);
    }
}
