using System.Text;
using System.Text.Json;
using Fourteen.Server;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using OllamaSharp.Models.Exceptions;

namespace Fourteen.Clients.Tests.Ollama;

/// <summary>Conversations, texts, vectors and reports by the package OllamaSharp.</summary>
public sealed class OllamaTests(ServerFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_StreamedOrWhole_HasTextThoughtAndCounts(bool streams)
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest asked = Ask(Questions.Capital);
        asked.Stream = streams;
        asked.Think = true;

        (string text, string thought, _, ChatDoneResponseStream done) = await ReadAsync(client, asked);

        Assert.Equal(Questions.CapitalAnswer, text);
        Assert.Equal(Questions.CapitalThought, thought.Trim());
        Assert.Equal("stop", done.DoneReason);
        Assert.Equal(ServerFixture.Tiny, done.Model);
        Assert.True(done.PromptEvalCount > 0);
        Assert.True(done.EvalCount > 0);
        Assert.True(done.TotalDuration > 0);
        Assert.NotNull(done.CreatedAt);
    }

    [Fact]
    public async Task Chat_WithoutThinking_ThinksNothing()
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest asked = Ask(Questions.Capital);
        asked.Think = false;

        (string text, string thought, _, _) = await ReadAsync(client, asked);

        Assert.Equal(Questions.CapitalAnswer, text);
        Assert.Empty(thought);
    }

    [Fact]
    public async Task Tools_AreCalledAndAnswered()
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest asked = Ask(Questions.TwoWeathers);
        asked.Think = false;
        asked.Tools = [WeatherTool()];

        (_, _, Message[] calling, _) = await ReadAsync(client, asked);

        Message.ToolCall[] calls = [.. calling.SelectMany(message => message.ToolCalls ?? [])];
        Assert.Equal(["get_weather", "get_weather"], calls.Select(call => call.Function?.Name));
        Assert.Equal(["Lima", "Oslo"], calls.Select(call => call.Function?.Arguments?["city"]?.ToString()));

        asked.Messages =
        [
            .. asked.Messages!, // Ask gave it its messages.
            new Message(ChatRole.Assistant, "") { ToolCalls = calls },
            new Message(ChatRole.Tool, "sunny") { ToolName = "get_weather" },
            new Message(ChatRole.Tool, "windy") { ToolName = "get_weather" },
        ];
        (string text, _, _, _) = await ReadAsync(client, asked);

        Assert.StartsWith("Lima: sunny. Oslo: ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_WithASchema_IsJsonOfIt()
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest asked = Ask(Questions.AsJson);
        asked.Format = Questions.Json(Questions.CapitalSchema);

        (string text, _, _, _) = await ReadAsync(client, asked);

        Assert.Equal("Lima", Questions.Json(text).GetProperty("capital").GetString());
    }

    [Fact]
    public async Task Answer_EndsAtAStopText_OrAtTheLimit()
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest stopping = Ask(Questions.Capital);
        stopping.Think = false;
        stopping.Options!.Stop = [" France"]; // Ask gave it options.
        ChatRequest limited = Ask(Questions.Capital);
        limited.Think = false;
        limited.Options!.NumPredict = 3;

        (string stopped, _, _, ChatDoneResponseStream end) = await ReadAsync(client, stopping);
        (_, _, _, ChatDoneResponseStream cut) = await ReadAsync(client, limited);

        Assert.Equal("The capital of", stopped);
        Assert.Equal("stop", end.DoneReason);
        Assert.Equal("length", cut.DoneReason);
        Assert.Equal(3, cut.EvalCount);
    }

    [Fact]
    public async Task Answer_OfTheSameSeed_IsTheSame()
    {
        using OllamaApiClient client = await ClientAsync();
        ChatRequest asked = Ask(Questions.Capital);
        asked.Options = new RequestOptions { Temperature = 2, Seed = 14, NumPredict = 40 };

        (string first, string firstThought, _, _) = await ReadAsync(client, asked);
        (string second, string secondThought, _, _) = await ReadAsync(client, asked);

        Assert.NotEmpty(first + firstThought);
        Assert.Equal((first, firstThought), (second, secondThought));
    }

    [Fact]
    public async Task Generate_OfAPrompt_IsText()
    {
        using OllamaApiClient client = await ClientAsync();
        var text = new StringBuilder();
        GenerateDoneResponseStream? done = null;

        await foreach (GenerateResponseStream? part in client.GenerateAsync(
            new GenerateRequest
            {
                Model = ServerFixture.Tiny, Prompt = Questions.Capital, Think = false,
                Options = new RequestOptions { Temperature = 0 },
            },
            Cancellation))
        {
            text.Append(part?.Response);
            done = part as GenerateDoneResponseStream ?? done;
        }

        Assert.Equal(Questions.CapitalAnswer, text.ToString());
        Assert.Equal("stop", done?.DoneReason);
    }

    [Fact]
    public async Task Embed_OfTexts_IsVectorsOfLengthOne()
    {
        using OllamaApiClient client = await ClientAsync();

        EmbedResponse answer = await client.EmbedAsync(
            new EmbedRequest { Model = ServerFixture.Tiny, Input = ["Hello", "Count to 6.", "Hello"] }, Cancellation);

        Assert.Equal(3, answer.Embeddings.Count);
        Assert.Equal(answer.Embeddings[0], answer.Embeddings[2]);
        Assert.Equal(256, answer.Embeddings[1].Length);
        Assert.Equal(1, answer.Embeddings[1].Sum(x => (double)x * x), 4);
        Assert.True(answer.PromptEvalCount >= 3);
    }

    [Fact]
    public async Task Reports_TellOfModelsAndVersion()
    {
        using OllamaApiClient client = await ClientAsync();
        await ReadAsync(client, Ask("Hello")); // So that it is loaded.

        Model[] models = [.. await client.ListLocalModelsAsync(Cancellation)];
        RunningModel[] loaded = [.. await client.ListRunningModelsAsync(Cancellation)];
        ShowModelResponse shown = await client.ShowModelAsync(ServerFixture.Tiny, Cancellation);

        Assert.Contains(models, model => model.Name is ServerFixture.Tiny or $"{ServerFixture.Tiny}:latest");
        Assert.Contains(loaded, model => model.Name is ServerFixture.Tiny or $"{ServerFixture.Tiny}:latest");
        Assert.All(models, model => Assert.True(model.Size > 0));
        Assert.Contains("thinking", shown.Capabilities!); // A model with a template has some.
        Assert.Contains("tools", shown.Capabilities!); // As above.
        Assert.Equal("qwen3", shown.Info.Architecture);
        Assert.NotEmpty(await client.GetVersionAsync(Cancellation));
        Assert.True(await client.IsRunningAsync(Cancellation));
    }

    [Fact]
    public async Task Model_ThatIsUnloaded_IsGoneAndComesBack()
    {
        var options = new ServerOptions { Port = 0, Models = [new ModelSource("own", ServerFixture.TinyPath)] };
        await using ServerHost host = await ServerFixture.StartAsync(options, Cancellation);
        using var client = new OllamaApiClient(host.Address, "own");
        ChatRequest asked = Ask(Questions.Capital);
        asked.Model = "own";

        (string before, _, _, _) = await ReadAsync(client, asked);
        await client.RequestModelUnloadAsync("own", Cancellation);
        RunningModel[] loaded = [.. await client.ListRunningModelsAsync(Cancellation)];
        (string after, _, _, _) = await ReadAsync(client, asked);

        Assert.Equal(Questions.CapitalAnswer, before);
        Assert.Empty(loaded);
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task Faults_AreReadByTheClient()
    {
        using OllamaApiClient client = await ClientAsync();
        ServerHost locked = await servers.LockedAsync(Cancellation);
        using var stranger = new OllamaApiClient(locked.Address, ServerFixture.Tiny);
        using var known = new OllamaApiClient(locked.Address, ServerFixture.Tiny);
        known.DefaultRequestHeaders["Authorization"] = $"Bearer {ServerFixture.Secret}";
        ChatRequest unknown = Ask("Hello");
        unknown.Model = "llama3.2";

        ChatRequest wrong = Ask("Hello");
        wrong.Options!.TopP = 7; // Ask gave it options.

        HttpRequestException missing = await Assert.ThrowsAsync<HttpRequestException>(
            () => ReadAsync(client, unknown));
        OllamaException bad = await Assert.ThrowsAnyAsync<OllamaException>(() => ReadAsync(client, wrong));
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => ReadAsync(stranger, Ask("Hello")));
        (string text, _, _, _) = await ReadAsync(known, Ask(Questions.Capital));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("top_p", bad.Message, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(Questions.CapitalAnswer, text);
    }

    [Fact]
    public async Task Stream_ThatIsLeft_EndsTheAnswer()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        using var client = new OllamaApiClient(host.Address, ServerFixture.Embedded);
        ChatRequest asked = Ask(Questions.Long);
        asked.Model = ServerFixture.Embedded;
        int parts = 0;

        await foreach (ChatResponseStream? part in client.ChatAsync(asked, Cancellation))
        {
            if (part?.Message.Content?.Length > 0 && ++parts == 3)
                break;
        }

        Assert.Equal(3, parts);
        await ServerFixture.IdleAsync(host, ServerFixture.Embedded, Cancellation);
    }

    private static ChatRequest Ask(string question) => new()
    {
        Model = ServerFixture.Tiny,
        Messages = [new Message(ChatRole.User, question)],
        Options = new RequestOptions { Temperature = 0 },
    };

    private static Tool WeatherTool() => new()
    {
        Type = "function",
        Function = new Function
        {
            Name = "get_weather",
            Description = Questions.WeatherDescription,
            Parameters = new Parameters
            {
                Type = "object",
                Properties = new Dictionary<string, Property> { ["city"] = new() { Type = "string" } },
                Required = ["city"],
            },
        },
    };

    private static async Task<(string Text, string Thought, Message[] Calling, ChatDoneResponseStream Done)> ReadAsync(
        OllamaApiClient client, ChatRequest asked)
    {
        var text = new StringBuilder();
        var thought = new StringBuilder();
        var calling = new List<Message>();
        ChatDoneResponseStream? done = null;
        await foreach (ChatResponseStream? part in client.ChatAsync(asked, Cancellation))
        {
            text.Append(part?.Message.Content);
            thought.Append(part?.Message.Thinking);
            if (part?.Message.ToolCalls?.Any() == true)
                calling.Add(part.Message);
            done = part as ChatDoneResponseStream ?? done;
        }

        Assert.NotNull(done);
        return (text.ToString(), thought.ToString(), [.. calling], done);
    }

    private async Task<OllamaApiClient> ClientAsync() =>
        new((await servers.OpenAsync(Cancellation)).Address, ServerFixture.Tiny);
}
