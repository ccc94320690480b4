using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.ExtensionsAI;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>The engine as an <see cref="IChatClient"/>, under Microsoft.Extensions.AI's own layers.</summary>
public sealed class ProviderChatClientTests(LocalModel local)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Response_OfOneQuestion_HasTextThoughtUsageAndSeed()
    {
        using IChatClient chat = await ClientAsync();

        ChatResponse response = await chat.GetResponseAsync(
            Questions.Capital, new ChatOptions { Temperature = 0, Seed = 14 }, Cancellation);

        Assert.Equal(Questions.CapitalAnswer, response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("tiny", response.ModelId);
        ChatMessage message = Assert.Single(response.Messages);
        Assert.Equal(
            Questions.CapitalThought, string.Concat(message.Contents.OfType<TextReasoningContent>()).Trim());
        Assert.True(response.Usage?.InputTokenCount > 0);
        Assert.InRange(response.Usage.ReasoningTokenCount ?? 0, 1, response.Usage.OutputTokenCount ?? 0);
        Assert.Equal(14UL, message.AdditionalProperties?[ProviderChatClient.SeedKey]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Functions_AreInvokedAndAnswered(bool streams)
    {
        using IChatClient chat = (await ClientAsync()).AsBuilder().UseFunctionInvocation().Build();
        var weather = new Weather();

        ChatResponse response = streams
            ? await chat.GetStreamingResponseAsync(Questions.Weather, weather.Options, Cancellation)
                .ToChatResponseAsync(Cancellation)
            : await chat.GetResponseAsync(Questions.Weather, weather.Options, Cancellation);

        Assert.Equal(["Paris"], weather.Asked);
        Assert.EndsWith("The weather in Paris is windy.", response.Text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(
            [ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
    }

    [Fact]
    public async Task Functions_CalledTwiceAtOnce_AreBothInvoked()
    {
        using IChatClient chat = (await ClientAsync()).AsBuilder().UseFunctionInvocation().Build();
        var weather = new Weather();
        ChatOptions options = weather.Options;
        options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None };

        ChatResponse response = await chat.GetResponseAsync(Questions.TwoWeathers, options, Cancellation);

        Assert.Equal(["Lima", "Oslo"], weather.Asked);
        Assert.Equal(
            2, response.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Count());
    }

    [Fact]
    public async Task Function_ThatIsRequired_IsCalledForAnyQuestion()
    {
        using IChatClient chat = await ClientAsync();
        ChatOptions options = new Weather().Options;
        options.ToolMode = ChatToolMode.RequireSpecific("get_weather");

        ChatResponse response = await chat.GetResponseAsync("Hello", options, Cancellation);

        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Contains(
            response.Messages[0].Contents.OfType<FunctionCallContent>(), call => call.Name == "get_weather");
    }

    [Fact]
    public async Task Response_OfAType_IsReadAsIt()
    {
        using IChatClient chat = await ClientAsync();

        ChatResponse<CapitalOf> response = await chat.GetResponseAsync<CapitalOf>(
            Questions.AsJson, new JsonSerializerOptions(JsonSerializerDefaults.Web)
            {
                TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
            },
            new ChatOptions { Temperature = 0, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None } },
            useJsonSchemaResponseFormat: true, Cancellation);

        Assert.True(response.TryGetResult(out CapitalOf? read));
        Assert.NotNull(read.Country);
        Assert.NotNull(read.Capital);
    }

    [Fact]
    public async Task Response_EndsAtAStopText_OrAtTheLimit()
    {
        using IChatClient chat = await ClientAsync();
        var quiet = new ReasoningOptions { Effort = ReasoningEffort.None };

        ChatResponse stopped = await chat.GetResponseAsync(
            Questions.Capital, new ChatOptions { Temperature = 0, Reasoning = quiet, StopSequences = [" France"] },
            Cancellation);
        ChatResponse cut = await chat.GetResponseAsync(
            Questions.Capital, new ChatOptions { Temperature = 0, Reasoning = quiet, MaxOutputTokens = 3 },
            Cancellation);

        Assert.Equal("The capital of", stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
        Assert.Equal(3, cut.Usage?.OutputTokenCount);
    }

    [Fact]
    public async Task Picture_InAMessage_IsRefused()
    {
        using IChatClient chat = await ClientAsync();
        var message = new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);

        RequestException refused = await Assert.ThrowsAsync<RequestException>(
            () => chat.GetResponseAsync([message], null, Cancellation));

        Assert.Equal("messages", refused.Parameter);
    }

    [Fact]
    public async Task Services_OfAClient_AreWhatItHas()
    {
        (InferenceEngine engine, LoadedModel model) = await local.LoadAsync(Cancellation);
        var provider = new LocalProvider(engine, model, TimeProvider.System);
        using IChatClient chat = provider.AsChatClient("tiny");

        Assert.Equal("tiny", chat.GetService<ChatClientMetadata>()?.DefaultModelId);
        Assert.Same(provider, chat.GetService<IProvider>());
        Assert.Null(chat.GetService<HttpClient>());
    }

    [Fact]
    public async Task Stream_ThatIsLeft_LeavesTheEngineIdle()
    {
        (_, LoadedModel model) = await local.LoadAsync(Cancellation);
        using IChatClient chat = await ClientAsync();
        var options = new ChatOptions { Temperature = 2, Seed = 3, MaxOutputTokens = 2000 };

        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(
            "Count to 6.", options, Cancellation))
        {
            if (update.Contents.Count > 0)
                break;
        }

        for (int i = 0; i < 3000 && model.Statistics is not { Running: 0, Waiting: 0 }; i++)
            await Task.Delay(10, Cancellation);
        Assert.Equal((0, 0), (model.Statistics.Running, model.Statistics.Waiting));
    }

    private async Task<IChatClient> ClientAsync()
    {
        (InferenceEngine engine, LoadedModel model) = await local.LoadAsync(Cancellation);
        return new LocalProvider(engine, model, TimeProvider.System).AsChatClient("tiny");
    }

    private sealed record CapitalOf(string Country, string Capital);
}
