using System.ClientModel;
using System.Text;
using System.Text.Json;
using Fourteen.Server;
using OpenAI.Chat;

namespace Fourteen.Clients.Tests.OpenAi;

/// <summary>Conversations by the package OpenAI.</summary>
public sealed class OpenAiChatTests(ServerFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_OfOneQuestion_HasTextThoughtAndUsage()
    {
        ChatClient chat = await ClientAsync();

        ClientResult<ChatCompletion> result = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], Greedy(), Cancellation);

        ChatCompletion answer = result.Value;
        Assert.Equal(Questions.CapitalAnswer, Assert.Single(answer.Content).Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(ServerFixture.Tiny, answer.Model);
        Assert.True(answer.Usage.InputTokenCount > 0);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
        Assert.InRange(answer.Usage.OutputTokenDetails.ReasoningTokenCount, 1, answer.Usage.OutputTokenCount - 1);
        // The package knows no thoughts; they are in what it read.
        JsonElement message = Questions.Json(result.GetRawResponse().Content.ToString())
            .GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(Questions.CapitalThought, message.GetProperty("reasoning_content").GetString()?.Trim());
    }

    [Fact]
    public async Task Chat_Streamed_IsTheSameTextWithUsage()
    {
        ChatClient chat = await ClientAsync();
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        ChatFinishReason? reason = null;

        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
            [new UserChatMessage(Questions.Capital)], Greedy(), Cancellation))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            usage = update.Usage ?? usage;
            reason = update.FinishReason ?? reason;
        }

        Assert.Equal(Questions.CapitalAnswer, text.ToString());
        Assert.Equal(ChatFinishReason.Stop, reason);
        Assert.True(usage?.OutputTokenCount > 0);
    }

    [Fact]
    public async Task Chat_WithoutThinking_ThinksNothing()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions options = Greedy();
        options.ReasoningEffortLevel = new ChatReasoningEffortLevel("none");

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], options, Cancellation);

        Assert.Equal(Questions.CapitalAnswer, Assert.Single(answer.Content).Text);
        Assert.Equal(0, answer.Usage.OutputTokenDetails?.ReasoningTokenCount ?? 0);
    }

    [Fact]
    public async Task Tool_CallResultAndAnswer_GoRound()
    {
        ChatClient chat = await ClientAsync();
        var messages = new List<ChatMessage> { new UserChatMessage(Questions.Weather) };
        ChatCompletionOptions options = Greedy(WeatherTool());

        ChatCompletion asked = await chat.CompleteChatAsync(messages, options, Cancellation);

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        ChatToolCall call = Assert.Single(asked.ToolCalls);
        Assert.Equal("get_weather", call.FunctionName);
        Assert.Equal("Paris", Questions.Json(call.FunctionArguments.ToString()).GetProperty("city").GetString());

        messages.Add(new AssistantChatMessage(asked));
        messages.Add(new ToolChatMessage(call.Id, "windy"));
        ChatCompletion answer = await chat.CompleteChatAsync(messages, options, Cancellation);

        Assert.Equal("The weather in Paris is windy.", Assert.Single(answer.Content).Text);
    }

    [Fact]
    public async Task Tools_CalledTwiceInOneStreamedAnswer_AreTwoCalls()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions options = Greedy(WeatherTool());
        options.ReasoningEffortLevel = new ChatReasoningEffortLevel("none");
        var calls = new SortedDictionary<int, (string Id, string Name, string Arguments)>();
        ChatFinishReason? reason = null;

        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
            [new UserChatMessage(Questions.TwoWeathers)], options, Cancellation))
        {
            foreach (StreamingChatToolCallUpdate part in update.ToolCallUpdates)
            {
                (string id, string name, string arguments) = calls.GetValueOrDefault(part.Index, ("", "", ""));
                calls[part.Index] = (
                    id + part.ToolCallId, name + part.FunctionName, arguments + part.FunctionArgumentsUpdate);
            }

            reason = update.FinishReason ?? reason;
        }

        Assert.Equal(ChatFinishReason.ToolCalls, reason);
        Assert.Equal(["get_weather", "get_weather"], calls.Values.Select(call => call.Name));
        Assert.Equal(
            ["Lima", "Oslo"],
            calls.Values.Select(call => Questions.Json(call.Arguments).GetProperty("city").GetString()));
        Assert.Equal(2, calls.Values.Select(call => call.Id).Distinct().Count());
    }

    [Fact]
    public async Task Tool_ThatIsNamed_IsCalledWithArgumentsOfItsSchema()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions options = Greedy(WeatherTool(), AddTool());
        options.ToolChoice = ChatToolChoice.CreateFunctionChoice("add");

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], options, Cancellation);

        ChatToolCall call = answer.ToolCalls[0];
        Assert.Equal("add", call.FunctionName);
        JsonElement arguments = Questions.Json(call.FunctionArguments.ToString());
        Assert.Equal(JsonValueKind.Number, arguments.GetProperty("a").ValueKind);
        Assert.Equal(JsonValueKind.Number, arguments.GetProperty("b").ValueKind);
    }

    [Fact]
    public async Task Answer_WithASchema_IsJsonOfIt()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions options = Greedy();
        options.ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat(
            "capital", BinaryData.FromString(Questions.CapitalSchema), jsonSchemaIsStrict: true);

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.AsJson)], options, Cancellation);

        JsonElement json = Questions.Json(Assert.Single(answer.Content).Text);
        Assert.Equal("Peru", json.GetProperty("country").GetString());
        Assert.Equal("Lima", json.GetProperty("capital").GetString());
    }

    [Fact]
    public async Task Answer_EndsAtAStopText_OrAtTheLimit()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions stopping = Greedy();
        stopping.ReasoningEffortLevel = new ChatReasoningEffortLevel("none");
        stopping.StopSequences.Add(" France");
        ChatCompletionOptions limited = Greedy();
        limited.ReasoningEffortLevel = new ChatReasoningEffortLevel("none");
        limited.MaxOutputTokenCount = 3;

        ChatCompletion stopped = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], stopping, Cancellation);
        ChatCompletion cut = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], limited, Cancellation);

        Assert.Equal("The capital of", Assert.Single(stopped.Content).Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
        Assert.Equal(3, cut.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Answer_OfTheSameSeed_IsTheSame()
    {
        ChatClient chat = await ClientAsync();
        var options = new ChatCompletionOptions { Temperature = 2, Seed = 14, MaxOutputTokenCount = 40 };

        ChatCompletion first = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], options, Cancellation);
        ChatCompletion second = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], options, Cancellation);

        Assert.Equal(Text(first), Text(second));
        Assert.Equal(first.Usage.OutputTokenCount, second.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Logprobs_ThatAreAskedFor_ComeWithEachToken()
    {
        ChatClient chat = await ClientAsync();
        ChatCompletionOptions options = Greedy();
        options.ReasoningEffortLevel = new ChatReasoningEffortLevel("none");
        options.IncludeLogProbabilities = true;
        options.TopLogProbabilityCount = 2;

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], options, Cancellation);

        Assert.StartsWith(
            Questions.CapitalAnswer, string.Concat(answer.ContentTokenLogProbabilities.Select(token => token.Token)),
            StringComparison.Ordinal);
        Assert.Equal(answer.Usage.OutputTokenCount, answer.ContentTokenLogProbabilities.Count); // Its end among them.
        Assert.All(answer.ContentTokenLogProbabilities, token =>
        {
            Assert.True(token.LogProbability <= 0);
            Assert.Equal(2, token.TopLogProbabilities.Count);
        });
    }

    [Fact]
    public async Task Stream_ThatIsLeft_EndsTheAnswer()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        var chat = new ChatClient(
            ServerFixture.Embedded, new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));
        int parts = 0;

        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
            [new UserChatMessage(Questions.Long)], Greedy(), Cancellation))
        {
            if (update.ContentUpdate.Count > 0 && ++parts == 3)
                break;
        }

        Assert.Equal(3, parts);
        await ServerFixture.IdleAsync(host, ServerFixture.Embedded, Cancellation);
    }

    private static string Text(ChatCompletion answer) => string.Concat(answer.Content.Select(part => part.Text));

    private static ChatCompletionOptions Greedy(params ChatTool[] tools)
    {
        var options = new ChatCompletionOptions { Temperature = 0 };
        foreach (ChatTool tool in tools)
            options.Tools.Add(tool);
        return options;
    }

    private static ChatTool WeatherTool() => ChatTool.CreateFunctionTool(
        "get_weather", Questions.WeatherDescription, BinaryData.FromString(Questions.WeatherSchema));

    private static ChatTool AddTool() => ChatTool.CreateFunctionTool(
        "add", Questions.AddDescription, BinaryData.FromString(Questions.AddSchema), functionSchemaIsStrict: true);

    private async Task<ChatClient> ClientAsync()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        return new ChatClient(ServerFixture.Tiny, new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));
    }
}
