using System.ClientModel;
using Fourteen.Clients.Tests.OpenAi;
using Fourteen.Server;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using OpenAI;

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>Frameworks that reach a server by connectors of their own.</summary>
public sealed class ConnectorTests(ServerFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ExtensionsOpenAi_InvokesFunctions(bool streams)
    {
        using IChatClient chat = (await OpenAiAsync()).GetChatClient(ServerFixture.Tiny).AsIChatClient()
            .AsBuilder().UseFunctionInvocation().Build();
        var weather = new Weather();

        ChatResponse response = streams
            ? await chat.GetStreamingResponseAsync(Questions.TwoWeathers, Quiet(weather.Options), Cancellation)
                .ToChatResponseAsync(Cancellation)
            : await chat.GetResponseAsync(Questions.TwoWeathers, Quiet(weather.Options), Cancellation);

        Assert.Equal(["Lima", "Oslo"], weather.Asked);
        Assert.EndsWith("Lima: sunny. Oslo: rain.", response.Text, StringComparison.Ordinal); // It cannot say windy.
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.True(response.Usage?.OutputTokenCount > 0);
    }

    [Fact]
    public async Task ExtensionsOpenAi_ReadsAType()
    {
        using IChatClient chat = (await OpenAiAsync()).GetChatClient(ServerFixture.Tiny).AsIChatClient();

        ChatResponse<CapitalOf> response = await chat.GetResponseAsync<CapitalOf>(
            Questions.AsJson, Quiet(new ChatOptions { Temperature = 0 }), cancellationToken: Cancellation);

        Assert.NotNull(response.Result.Capital);
    }

    [Fact]
    public async Task ExtensionsOpenAi_MakesVectors()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator =
            (await OpenAiAsync()).GetEmbeddingClient(ServerFixture.Tiny).AsIEmbeddingGenerator();

        GeneratedEmbeddings<Embedding<float>> vectors = await generator.GenerateAsync(
            ["Hello", "Hello"], cancellationToken: Cancellation);

        Assert.Equal(256, vectors[0].Vector.Length);
        Assert.Equal(vectors[0].Vector.ToArray(), vectors[1].Vector.ToArray());
    }

    /// <summary>It wraps a result in JSON of its own, of which the tiny model makes nothing.</summary>
    [Fact]
    public async Task OllamaSharp_AsAChatClient_InvokesFunctions()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        using IChatClient chat = ((IChatClient)new OllamaSharp.OllamaApiClient(host.Address, ServerFixture.Tiny))
            .AsBuilder().UseFunctionInvocation().Build();
        var weather = new Weather();

        ChatResponse response = await chat.GetResponseAsync(Questions.Weather, weather.Options, Cancellation);

        Assert.Equal(["Paris"], weather.Asked);
        Assert.Equal(
            [ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
    }

    [Fact]
    public async Task SemanticKernel_Chats()
    {
        Kernel kernel = await KernelAsync();
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        var settings = new OpenAIPromptExecutionSettings { Temperature = 0 };
        string streamed = "";

        ChatMessageContent whole = await chat.GetChatMessageContentAsync(
            new ChatHistory(Questions.Capital, AuthorRole.User), settings, kernel, Cancellation);
        await foreach (StreamingChatMessageContent part in chat.GetStreamingChatMessageContentsAsync(
            new ChatHistory(Questions.Capital, AuthorRole.User), settings, kernel, Cancellation))
        {
            streamed += part.Content;
        }

        Assert.Equal(Questions.CapitalAnswer, whole.Content);
        Assert.Equal(Questions.CapitalAnswer, streamed);
    }

    /// <summary>It puts the plugin's name before a function's, which the tiny model must be made to say.</summary>
    [Fact]
    public async Task SemanticKernel_InvokesARequiredFunction()
    {
        Kernel kernel = await KernelAsync();
        var asked = new List<string>();
        KernelFunction function = KernelFunctionFactory.CreateFromMethod(
            (string city) =>
            {
                asked.Add(city);
                return "windy";
            },
            "get_weather", Questions.WeatherDescription);
        kernel.Plugins.AddFromFunctions("sky", [function]);
        var settings = new OpenAIPromptExecutionSettings
        {
            Temperature = 0,
            FunctionChoiceBehavior = FunctionChoiceBehavior.Required([function]),
        };

        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>()
            .GetChatMessageContentAsync(
                new ChatHistory(Questions.Weather, AuthorRole.User), settings, kernel, Cancellation);

        Assert.Equal("Paris", Assert.Single(asked));
        Assert.Contains("windy", answer.Content, StringComparison.Ordinal);
    }

    private static ChatOptions Quiet(ChatOptions options)
    {
        options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None };
        return options;
    }

    private async Task<OpenAIClient> OpenAiAsync() => new(
        new ApiKeyCredential("none"), OpenAiClients.Options((await servers.OpenAsync(Cancellation)).Address));

    private async Task<Kernel> KernelAsync()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        return Kernel.CreateBuilder()
            .AddOpenAIChatCompletion(ServerFixture.Tiny, new Uri($"{host.Address}/v1"), "none").Build();
    }

    private sealed record CapitalOf(string Country, string Capital);
}
