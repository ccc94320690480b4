using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Anthropic.Models.Models;
using Fourteen.Server;

namespace Fourteen.Clients.Tests.Anthropic;

/// <summary>Conversations, tools, thoughts and errors by the package Anthropic.</summary>
public sealed class AnthropicTests(ServerFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Message_OfOneQuestion_IsTextWithUsage()
    {
        using AnthropicClient client = await ClientAsync();

        Message answer = await client.Messages.Create(Ask(Questions.Capital), Cancellation);

        Assert.True(Assert.Single(answer.Content).TryPickText(out TextBlock? text));
        Assert.Equal(Questions.CapitalAnswer, text.Text);
        Assert.Equal(StopReason.EndTurn, answer.StopReason?.Value());
        Assert.Equal(ServerFixture.Tiny, answer.Model.Raw());
        Assert.True(answer.Usage.InputTokens + answer.Usage.CacheReadInputTokens.GetValueOrDefault() > 0);
        Assert.True(answer.Usage.OutputTokens > 0);
    }

    [Fact]
    public async Task Thinking_WithABudget_IsABlockBeforeTheText()
    {
        using AnthropicClient client = await ClientAsync();

        Message answer = await client.Messages.Create(
            Ask(Questions.Capital) with { Thinking = new ThinkingConfigEnabled(1024) }, Cancellation);

        Assert.Equal(2, answer.Content.Count);
        Assert.True(answer.Content[0].TryPickThinking(out ThinkingBlock? thought));
        Assert.Equal(Questions.CapitalThought, thought.Thinking.Trim());
        Assert.True(answer.Content[1].TryPickText(out TextBlock? text));
        Assert.Equal(Questions.CapitalAnswer, text.Text);
    }

    [Fact]
    public async Task Thought_OfAnAnswer_CanBeSentBack()
    {
        using AnthropicClient client = await ClientAsync();
        MessageCreateParams asked = Ask(Questions.Weather, WeatherTool()) with
        {
            Thinking = new ThinkingConfigEnabled(1024),
        };

        Message first = await client.Messages.Create(asked, Cancellation);
        Assert.True(first.Content[0].TryPickThinking(out ThinkingBlock? thought));
        Assert.True(first.Content[^1].TryPickToolUse(out ToolUseBlock? call));
        Message answer = await client.Messages.Create(
            asked with
            {
                Messages =
                [
                    .. asked.Messages,
                    new AssistantMessageParam(new List<ContentBlockParam>
                    {
                        new ThinkingBlockParam { Thinking = thought.Thinking, Signature = thought.Signature },
                        new ToolUseBlockParam { ID = call.ID, Name = call.Name, Input = call.Input },
                    }),
                    new UserMessageParam(new List<ContentBlockParam>
                    {
                        new ToolResultBlockParam(call.ID) { Content = "windy" },
                    }),
                ],
            },
            Cancellation);

        Assert.True(answer.Content[^1].TryPickText(out TextBlock? text));
        Assert.Equal("The weather in Paris is windy.", text.Text);
    }

    [Fact]
    public async Task Message_Streamed_IsBlocksInOrder()
    {
        using AnthropicClient client = await ClientAsync();
        var thought = new StringBuilder();
        var text = new StringBuilder();
        var kinds = new List<string>();
        RawMessageDeltaEvent? end = null;

        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(
            Ask(Questions.Capital) with { Thinking = new ThinkingConfigEnabled(1024) }, Cancellation))
        {
            string kind = item.Json.GetProperty("type").GetString()!; // Every event has its type.
            if (kinds.LastOrDefault() != kind)
                kinds.Add(kind);
            if (item.TryPickDelta(out RawMessageDeltaEvent? last))
                end = last;
            if (!item.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta))
                continue;
            if (delta.Delta.TryPickThinking(out ThinkingDelta? thinking))
                thought.Append(thinking.Thinking);
            else if (delta.Delta.TryPickText(out TextDelta? piece))
                text.Append(piece.Text);
        }

        Assert.Equal(Questions.CapitalThought, thought.ToString().Trim());
        Assert.Equal(Questions.CapitalAnswer, text.ToString());
        Assert.Equal(StopReason.EndTurn, end?.Delta.StopReason?.Value());
        Assert.True(end?.Usage.OutputTokens > 0);
        Assert.Equal(
            [
                "message_start", "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
            ],
            kinds.Where(kind => kind != "ping"));
    }

    [Fact]
    public async Task Tools_AreCalledAndAnswered()
    {
        using AnthropicClient client = await ClientAsync();
        MessageCreateParams asked = Ask(Questions.TwoWeathers, WeatherTool());

        Message first = await client.Messages.Create(asked, Cancellation);

        Assert.Equal(StopReason.ToolUse, first.StopReason?.Value());
        ToolUseBlock[] calls = [.. first.Content.Select(block => block.Value).OfType<ToolUseBlock>()];
        Assert.Equal(["Lima", "Oslo"], calls.Select(call => call.Input["city"].GetString()));

        Message answer = await client.Messages.Create(
            asked with
            {
                Messages =
                [
                    .. asked.Messages,
                    new AssistantMessageParam(calls.Select(call => (ContentBlockParam)new ToolUseBlockParam
                    {
                        ID = call.ID, Name = call.Name, Input = call.Input,
                    }).ToList()),
                    new UserMessageParam(calls.Select(call => (ContentBlockParam)new ToolResultBlockParam(call.ID)
                    {
                        Content = "sunny",
                    }).ToList()),
                ],
            },
            Cancellation);

        Assert.True(Assert.Single(answer.Content).TryPickText(out TextBlock? text));
        Assert.StartsWith("Lima: sunny. Oslo: ", text.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tool_Streamed_IsJsonInPieces()
    {
        using AnthropicClient client = await ClientAsync();
        var json = new StringBuilder();
        string? name = null;

        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(
            Ask(Questions.Weather, WeatherTool()) with { ToolChoice = new ToolChoiceAny() }, Cancellation))
        {
            if (item.TryPickContentBlockStart(out RawContentBlockStartEvent? start)
                && start.ContentBlock.TryPickToolUse(out ToolUseBlock? call))
            {
                name = call.Name;
            }

            if (item.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta)
                && delta.Delta.TryPickInputJson(out InputJsonDelta? piece))
            {
                json.Append(piece.PartialJson);
            }
        }

        Assert.Equal("get_weather", name);
        Assert.Equal("Paris", Questions.Json(json.ToString()).GetProperty("city").GetString());
    }

    [Fact]
    public async Task Answer_WithASchema_IsJsonOfIt()
    {
        using AnthropicClient client = await ClientAsync();

        Message answer = await client.Messages.Create(
            Ask(Questions.AsJson) with
            {
                OutputConfig = new OutputConfig
                {
                    Format = new JsonOutputFormat { Schema = Questions.Members(Questions.CapitalSchema) },
                },
            },
            Cancellation);

        Assert.True(Assert.Single(answer.Content).TryPickText(out TextBlock? text));
        Assert.Equal("Lima", Questions.Json(text.Text).GetProperty("capital").GetString());
    }

    [Fact]
    public async Task Answer_ThatAStopTextEnds_SaysWhich()
    {
        using AnthropicClient client = await ClientAsync();

        Message answer = await client.Messages.Create(
            Ask(Questions.Capital) with { StopSequences = [" France"] }, Cancellation);

        Assert.Equal(StopReason.StopSequence, answer.StopReason?.Value());
        Assert.Equal(" France", answer.StopSequence);
    }

    [Fact]
    public async Task Tokens_ThatAreCounted_AreThoseThatAreUsed()
    {
        using AnthropicClient client = await ClientAsync();
        MessageCreateParams asked = Ask(Questions.Weather, WeatherTool());

        MessageTokensCount count = await client.Messages.CountTokens(
            new MessageCountTokensParams { Model = ServerFixture.Tiny, Messages = asked.Messages, Tools = [WeatherTool()] },
            Cancellation);
        Message answer = await client.Messages.Create(asked, Cancellation);

        Assert.Equal(
            answer.Usage.InputTokens + answer.Usage.CacheReadInputTokens.GetValueOrDefault()
                + answer.Usage.CacheCreationInputTokens.GetValueOrDefault(),
            count.InputTokens);
    }

    [Fact]
    public async Task Models_AreListedAndDescribed()
    {
        using AnthropicClient client = await ClientAsync();

        ModelListPage models = await client.Models.List(new ModelListParams(), Cancellation);
        ModelInfo model = await client.Models.Retrieve(ServerFixture.Tiny, null, Cancellation);

        Assert.Equal([ServerFixture.Tiny, ServerFixture.Embedded], models.Items.Select(item => item.ID));
        Assert.False(models.HasNext());
        Assert.Equal(ServerFixture.Tiny, model.DisplayName);
        Assert.NotEqual(default, model.CreatedAt);
        Assert.Equal("model", model.Type.GetString());
    }

    [Fact]
    public async Task Faults_AreTheClientsOwnExceptions()
    {
        using AnthropicClient client = await ClientAsync();
        ServerHost locked = await servers.LockedAsync(Cancellation);
        using AnthropicClient stranger = Client(locked.Address, "wrong");
        using AnthropicClient known = Client(locked.Address, ServerFixture.Secret);

        await Assert.ThrowsAsync<AnthropicNotFoundException>(
            () => client.Messages.Create(Ask("Hello") with { Model = "claude-9" }, Cancellation));
        AnthropicBadRequestException bad = await Assert.ThrowsAsync<AnthropicBadRequestException>(
            () => client.Messages.Create(Ask("Hello") with { MaxTokens = -1 }, Cancellation));
        await Assert.ThrowsAsync<AnthropicUnauthorizedException>(
            () => stranger.Messages.Create(Ask("Hello"), Cancellation));
        Message answer = await known.Messages.Create(Ask(Questions.Capital), Cancellation);

        Assert.Contains("max_tokens", bad.Message, StringComparison.Ordinal);
        Assert.Equal(StopReason.EndTurn, answer.StopReason?.Value());
    }

    [Fact]
    public async Task Stream_ThatIsLeft_EndsTheAnswer()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        using AnthropicClient client = Client(host.Address, "none");
        int pieces = 0;

        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(
            Ask(Questions.Long) with { Model = ServerFixture.Embedded }, Cancellation))
        {
            if (item.TryPickContentBlockDelta(out _) && ++pieces == 3)
                break;
        }

        Assert.Equal(3, pieces);
        await ServerFixture.IdleAsync(host, ServerFixture.Embedded, Cancellation);
    }

    /// <summary>At temperature 0, which this package has no property for.</summary>
    private static MessageCreateParams Ask(string question, params Tool[] tools) =>
        MessageCreateParams.FromRawUnchecked(
            new Dictionary<string, JsonElement>(), new Dictionary<string, JsonElement>(),
            Questions.Members("""{"temperature": 0}""")) with
    {
        Model = ServerFixture.Tiny,
        MaxTokens = 2048,
        Messages = [new UserMessageParam(question)],
        Tools = tools.Length > 0 ? [.. tools.Select(tool => (ToolUnion)tool)] : null,
    };

    private static Tool WeatherTool() => new()
    {
        Name = "get_weather",
        Description = Questions.WeatherDescription,
        InputSchema = new InputSchema
        {
            Properties = Questions.Members("""{"city": {"type": "string"}}"""),
            Required = ["city"],
        },
    };

    private async Task<AnthropicClient> ClientAsync() =>
        Client((await servers.OpenAsync(Cancellation)).Address, "none");

    private static AnthropicClient Client(string address, string key) =>
        new() { BaseUrl = address, ApiKey = key, MaxRetries = 0 };
}
