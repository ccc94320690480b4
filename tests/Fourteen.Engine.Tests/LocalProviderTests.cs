using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests;

/// <summary>
/// Whole answers: from messages through template, tokenizer, model and sampler to text. The tiny chat model's recorded
/// dialogues are transformers' in 32-bit floats; the faults are rows of golden/cases.
/// </summary>
public sealed class LocalProviderTests
{
    private const string Embedded = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";
    private const string TinyChat = "qwen3-tiny-chat/model.gguf";
    private const string StopSentence = "Considering the limited time by the user";

    [Theory]
    [InlineData("model.gguf", false)]
    [InlineData("model.gguf", true)]
    [InlineData("", false)]
    public async Task Stream_TinyChatDialogues_EqualsTheRecordedOnes(string file, bool precise)
    {
        JsonArray dialogues = JsonNode.Parse(
            await File.ReadAllTextAsync(SharedFiles.Model("qwen3-tiny-chat/dialogues.json"), Token))!.AsArray();
        string path = file.Length > 0
            ? SharedFiles.Model($"qwen3-tiny-chat/{file}")
            : Path.GetDirectoryName(SharedFiles.Model("qwen3-tiny-chat/model.safetensors"))!; // A file has a folder.
        using var session = await Session.LoadAsync(path, precise);
        Assert.NotEmpty(dialogues);
        foreach (JsonNode? dialogue in dialogues)
        {
            Answer answer = await session.AskAsync(new ChatRequest
            {
                Messages = [.. dialogue!["messages"]!.AsArray().Select(ToMessage)],
                Tools = [.. (dialogue["tools"]?.AsArray() ?? []).Select(tool => ToolDefinition.Read(tool, "tools"))],
                Think = dialogue["enable_thinking"]!.GetValue<bool>(),
            });
            string thought = answer.Thought.Length > 0 ? $"<think>\n{answer.Thought}\n</think>\n\n" : "";
            string calls = string.Join('\n', answer.Calls.Select(
                call => $"<tool_call>\n{{\"name\": \"{call.Name}\", \"arguments\": {call.Arguments}}}\n</tool_call>"));
            Assert.Equal(dialogue["greedy"]!.GetValue<string>(), $"{thought}{answer.Text}{calls}<|im_end|>");
            Assert.Equal(answer.Calls.Count > 0 ? FinishReason.ToolCalls : FinishReason.Stop, answer.Reason);
        }
    }

    [Fact]
    public async Task Stream_SamePrompt_IsTakenFromTheCacheUnlessToldOtherwise()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        ChatRequest request = Request(string.Concat(Enumerable.Repeat("What is the weather? ", 20)));
        Answer cold = await session.AskAsync(request), warm = await session.AskAsync(request);
        Assert.Equal((0, true), (cold.Usage.CachedTokens, warm.Usage.CachedTokens >= 32));
        Assert.Equal((cold.Thought, cold.Text), (warm.Thought, warm.Text));
        foreach (ChatRequest apart in (ChatRequest[])[
            request with { CachePrompt = false }, request with { CacheSalt = "mine" }])
        {
            Assert.Equal(0, (await session.AskAsync(apart)).Usage.CachedTokens);
        }
    }

    [Theory]
    [InlineData("Name the capital city of France.", "Paris")]
    [InlineData("What is 2+2?", "4")]
    public async Task Stream_EmbeddedModel_KnowsWhatItsReadmeSays(string question, string expected)
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(Embedded), precise: false);
        Answer answer = await session.AskAsync(Request(question) with { MaxTokens = 40 });
        Assert.Contains(expected, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_SameSeed_GivesTheSameTextWhateverRunsBeside()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        ChatRequest request = Request("What is the weather in Paris?") with
        {
            MaxTokens = 30,
            Think = false,
            Sampling = new SamplingSettings { Temperature = 1.5, TopK = 0, TopP = 1, Seed = 7 },
        };
        string alone = (await session.AskAsync(request)).Text;
        Task<Answer>[] crowd =
        [
            .. Enumerable.Range(0, 8).Select(i => session.AskAsync(request with
            {
                Sampling = request.Sampling with { Seed = i == 3 ? 7 : (ulong)(100 + i) },
            })),
        ];
        Answer[] answers = await Task.WhenAll(crowd);
        Assert.Equal(alone, answers[3].Text);
        Assert.True(answers.Select(answer => answer.Text).Distinct().Count() > 4, "other seeds give other texts");
    }

    [Fact] // B023
    public async Task Stream_ThinkingOff_PutsAllIntoTheAnswer()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(Request("What is the capital of Japan?") with { Think = false });
        Assert.Equal("The capital of Japan is Tokyo.", answer.Text);
        Assert.Equal("", answer.Thought);
        Assert.Equal(19, answer.Usage.PromptTokens);
    }

    [Fact] // B025
    public async Task Stream_BudgetZero_AnswersWithoutThought()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(
            Request("What is the capital of France?") with { MaxTokens = 60, ThinkBudget = 0 });
        Assert.Equal("The capital of France is Paris.", answer.Text);
        Assert.Equal("", answer.Thought);
        Assert.Equal(FinishReason.Stop, answer.Reason);
    }

    [Theory] // B027
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Stream_BudgetReached_KeepsTheStopSentenceOutOfTheAnswer(int budget)
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(
            Request("What is the capital of France?") with { MaxTokens = 120, ThinkBudget = budget });
        Assert.DoesNotContain(StopSentence, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("</think>", answer.Text, StringComparison.Ordinal);
        Assert.NotEqual("", answer.Text);
    }

    [Fact] // B033
    public async Task Stream_LimitInsideTheThought_EndsByLength()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(Request("What is the capital of France?") with { MaxTokens = 5 });
        Assert.Equal("The user asks", answer.Thought);
        Assert.Equal("", answer.Text);
        Assert.Equal(FinishReason.Length, answer.Reason);
        Assert.Equal(5, answer.Usage.CompletionTokens);
    }

    [Theory] // B060 and B062
    [InlineData("Count to 6.", "3, 4", "1, 2, ")]
    [InlineData("Count to 6.", ", 5, 6, 7|, 4", "1, 2, 3")]
    [InlineData("What is the capital of France?", "Pari", "The capital of France is ")]
    [InlineData("What is the capital of France?", "l of F", "The capita")]
    public async Task Stream_StopString_CutsAtTheTextWhereverTokensEnd(string question, string stops, string expected)
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(
            Request(question) with { MaxTokens = 40, Think = false, Stop = stops.Split('|') });
        Assert.Equal(expected, answer.Text);
        Assert.Equal(FinishReason.Stop, answer.Reason);
    }

    [Theory] // B066
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(0, 2)]
    public async Task Stream_PresenceAndFrequency_LeaveThePromptAlone(double presence, double frequency)
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        Answer answer = await session.AskAsync(new ChatRequest
        {
            Text = "Paris Paris Paris Lima",
            MaxTokens = 1,
            Sampling = new SamplingSettings
            {
                Temperature = 0,
                PresencePenalty = presence,
                FrequencyPenalty = frequency,
                LogitBias = new Dictionary<int, double> { [684] = 7.1 },
            },
        });
        Assert.Equal(" Paris", answer.Text);
    }

    [Fact]
    public async Task Stream_PromptLongerThanTheContext_IsRefusedByNumber()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false, context: 40);
        RequestException refused = await Assert.ThrowsAsync<RequestException>(() => session.AskAsync(
            Request(string.Concat(Enumerable.Repeat("Oslo Quito ", 40)))));
        Assert.Contains("40", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_LongPrompt_TellsHowFarItIs()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        var progress = new List<PromptProgress>();
        var request = new ChatRequest
        {
            Text = string.Concat(Enumerable.Repeat("Oslo Quito ", 700)),
            MaxTokens = 2,
            Sampling = new SamplingSettings { Temperature = 0 },
        };
        await foreach (ChatEvent item in session.Provider.StreamAsync(request, Token))
        {
            if (item is PromptProgress step)
                progress.Add(step);
        }

        Assert.True(progress.Count >= 2, $"{progress.Count} steps");
        Assert.Equal(progress.OrderBy(step => step.Computed), progress);
        Assert.All(progress, step => Assert.InRange(step.Computed, 1, step.Total - 1));
    }

    [Fact]
    public async Task Stream_ContextFills_EndsByLength()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false, context: 40);
        Answer answer = await session.AskAsync(Request("Count to 6.") with { IgnoreEnd = true, Think = false });
        Assert.Equal(FinishReason.Length, answer.Reason);
        Assert.Equal(40, answer.Usage.PromptTokens + answer.Usage.CompletionTokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Stream_EmptyThoughtFillsTheContext_EndsByLength(int room)
    {
        ChatRequest request = Request("Count to 6.") with { ThinkBudget = 0, MaxTokens = 20 };
        int prompt;
        using (var ample = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false))
            prompt = (await ample.AskAsync(request)).Usage.PromptTokens;
        using var session = await Session.LoadAsync(
            SharedFiles.Model(TinyChat), precise: false, context: prompt + room);
        Answer answer = await session.AskAsync(request);
        Assert.Equal(FinishReason.Length, answer.Reason);
        Assert.Equal("", answer.Thought);
        Assert.Equal(FinishReason.Length, (await session.AskAsync(request)).Reason);
    }

    [Fact]
    public async Task Stream_WeightsThatAreNotNumbers_NamesTheReason()
    {
        string path = SharedFiles.Model(TinyChat);
        string broken = Path.Combine(Path.GetTempPath(), $"fourteen-{Guid.NewGuid():N}.gguf");
        try
        {
            await File.WriteAllBytesAsync(broken, await WithNaNAsync(path, "output_norm.weight"), Token);
            using var session = await Session.LoadAsync(broken, precise: false);
            RequestException refused = await Assert.ThrowsAsync<RequestException>(
                () => session.AskAsync(Request("Hello")));
            Assert.Contains("not a number", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(broken);
        }
    }

    [Fact]
    public async Task Stream_Cancelled_StopsAndTheEngineGoesOn()
    {
        using var session = await Session.LoadAsync(SharedFiles.Model(TinyChat), precise: false);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            ChatRequest endless = Request("Hello") with { IgnoreEnd = true, Think = false };
            await foreach (ChatEvent _ in session.Provider.StreamAsync(endless, source.Token))
                await source.CancelAsync();
        });
        Assert.Contains("Tokyo", (await session.AskAsync(Request("What is the capital of Japan?"))).Text,
            StringComparison.Ordinal);
    }

    /// <summary>The file with NaN as the first value of a tensor of 32-bit floats.</summary>
    private static async Task<byte[]> WithNaNAsync(string path, string name)
    {
        byte[] content = await File.ReadAllBytesAsync(path, Token);
        using ModelFile file = ModelFile.Open(path);
        TensorEntry tensor = file.RequireTensor(name);
        byte[] values = new byte[tensor.Bytes];
        Marshal.Copy(tensor.Address, values, 0, values.Length);
        int at = content.AsSpan().IndexOf(values);
        BitConverter.TryWriteBytes(content.AsSpan(at), float.NaN);
        return content;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ChatRequest Request(string question) => new() { Messages = [new ChatMessage("user", question)] };

    private static ChatMessage ToMessage(JsonNode? message) =>
        new(message!["role"]!.GetValue<string>(), message["content"]!.GetValue<string>())
        {
            ToolCalls = [.. (message["tool_calls"]?.AsArray() ?? []).Select(call => new ToolCall(
                null, call!["function"]!["name"]!.GetValue<string>(), call["function"]!["arguments"]!.DeepClone()))],
        };

    private sealed record Answer(
        string Thought, string Text, IReadOnlyList<GeneratedCall> Calls, FinishReason Reason, Usage Usage);

    private sealed class Session(InferenceEngine engine, LocalProvider provider) : IDisposable
    {
        internal LocalProvider Provider => provider;

        internal static async Task<Session> LoadAsync(string path, bool precise, int? context = null)
        {
            var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
            LoadedModel model = await engine.LoadAsync(
                path, new ModelOptions { Precise = precise, Context = context, SequencesMax = 8 }, null, Token);
            return new Session(engine, new LocalProvider(engine, model, TimeProvider.System));
        }

        /// <summary>Greedy unless the request says otherwise.</summary>
        internal async Task<Answer> AskAsync(ChatRequest request)
        {
            request = request with
            {
                Sampling = request.Sampling with { Temperature = request.Sampling.Temperature ?? 0 },
            };
            ChatAnswer answer = await provider.StreamAsync(request, Token).CollectAsync(Token);
            ChatChoice choice = answer.Choices[0];
            return new Answer(choice.Thought, choice.Text, choice.ToolCalls, choice.Reason, answer.Usage);
        }

        public void Dispose() => engine.Dispose();
    }
}
