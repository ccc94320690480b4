using System.Text.Json.Nodes;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>
/// The rows of golden/cases about thinking and tools, as far as tokens alone decide them: in the tokens of the tiny
/// chat model, whose recorded answers stand for what it draws. Other texts and budgets of the kind are tried too.
/// </summary>
public sealed class AnswerCaseTests
{
    private const string NoThought = "<think>\n\n</think>\n\n";
    private const string Weather = "<think>\nI look up the weather in Paris.\n</think>\n\n"
        + "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>";

    [Theory] // B023, B029
    [InlineData("The capital of Japan is Tokyo.")]
    [InlineData("Write `<think>plan</think>` before the body.")]
    [InlineData("</think> closes, <think> opens.")]
    public void Answer_AfterAClosedThought_IsAllAnswer(string answer)
    {
        CallRecord record = TinyChat.Play(TinyChat.Options(null), NoThought, answer);
        Assert.Equal(["text " + answer], record.Lines);
        Assert.Equal(FinishReason.Stop, record.Finish);
        Assert.Equal(Encode(answer).Length + 1, record.Assembler.TokensUsed);
    }

    [Theory] // B025
    [InlineData("")]
    [InlineData("<think>\n")]
    [InlineData(NoThought)]
    public void Answer_AtABudgetOrTimeOfZero_HasNoThought(string afterStart)
    {
        AnswerOptions options = TinyChat.Options(null);
        ThinkingOptions[] limits =
        [
            options.Thinking with { Budget = 0 }, options.Thinking with { TimeMax = TimeSpan.Zero },
            options.Thinking with { AnswerTokensMin = 58 }, // Of 60: no room for a thought.
        ];
        foreach (ThinkingOptions thinking in limits)
        {
            CallRecord record = TinyChat.Play(
                options with { TokensMax = 60, Thinking = thinking }, afterStart, "The capital of France is Paris.");
            Assert.Equal(["text The capital of France is Paris."], record.Lines);
            Assert.Equal(FinishReason.Stop, record.Finish);
        }
    }

    [Theory] // B027
    [InlineData(ThoughtClosing.Sentence)]
    [InlineData(ThoughtClosing.Bare)]
    public void Answer_AtAnyBudget_HoldsNothingOfTheClosing(ThoughtClosing closing)
    {
        const string Thought = "\nThe user asks for the cäpital of France.";
        int[] thought = Encode("<think>" + Thought);
        for (int budget = 1; budget < thought.Length; budget++)
        {
            AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes);
            options = options with { Thinking = options.Thinking with { Budget = budget, Closing = closing } };
            int[] script = [.. thought[..(1 + budget)], .. Encode("Paris.<|im_end|>")];

            CallRecord record = Play(options, script);

            Assert.Equal("Paris.", record.Content);
            string shown = record.Lines.Length == 1 ? "" : record.Lines[0]["thought ".Length..];
            bool saysWhy = shown.EndsWith("directly now.", StringComparison.Ordinal);
            Assert.Equal(closing == ThoughtClosing.Sentence, saysWhy);
            Assert.DoesNotContain("think>", shown, StringComparison.Ordinal);
        }
    }

    [Fact] // B031
    public void NextIsAnswer_ThroughAThought_BeginsBehindIt()
    {
        AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes);
        int[] script = Encode("<think>\nI write JSON.\n</think>\n\n{\"a\": 1}");
        var assembler = new AnswerAssembler(options, Text(), Prompt(""));
        var deltas = new List<AnswerDelta>();
        Assert.True(assembler.NextIsAnswer); // A model may answer at once,
        Assert.Equal(options.Thinking.OpenToken, assembler.OpeningToken); // or think.
        int close = Array.IndexOf(script, options.Thinking.CloseToken!.Value);
        for (int i = 0; i < script.Length; i++)
        {
            assembler.Append(script[i], deltas);
            Assert.Equal(i >= close, assembler.NextIsAnswer);
            Assert.Null(assembler.OpeningToken);
        }
    }

    [Fact] // B033
    public void Answer_WhoseLimitLiesInTheThought_IsThePartialThought()
    {
        AnswerOptions options = TinyChat.Options(null) with { TokensMax = 5 };
        CallRecord record = TinyChat.Play(options, "", "<think>\nThe user asks for the capital of France.");
        Assert.Equal("thought The user asks\nLength", record.All);
        Assert.Equal(5, record.Assembler.TokensUsed);
    }

    [Fact] // B034
    public void Answer_WithTagsInsideArguments_KeepsTheCallsWhole()
    {
        JsonNode row = File.ReadLines(SharedFiles.Golden("cases/cases.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Single(row => row["id"]!.GetValue<string>() == "B034");
        JsonArray inputs = row["input"]!.AsArray(), expected = row["expected"]!.AsArray();
        for (int i = 0; i < inputs.Count; i++)
        {
            string text = inputs[i]!["generated_text"]!.GetValue<string>();
            AnswerOptions options = CallPlay.Options(ToolCallFormat.Hermes, "write_file");
            foreach (int size in (int[])[1, 2, 3, 5, 8, int.MaxValue])
                AssertCalls(expected[i]!, CallPlay.Play(options, CallPlay.Pieces(text, size)));
            AssertCalls(expected[i]!, TinyChat.Play(TinyChat.Options(ToolCallFormat.Hermes, "f"), NoThought, text));
        }

        GoldenCount.Record("answers/cases", inputs.Count);
    }

    [Fact] // B036
    public void Answer_WithTwoCalls_NumbersThem()
    {
        const string Begin = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": ", End = "}\n</tool_call>";
        const string Answer = Begin + "{\"city\": \"Lima\"}" + End + "\n" + Begin + "{\"city\": \"Oslo\"}" + End;
        AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes, "get_weather");
        Assert.Equal(
            [
                "call 0 get_weather", "with 0 {\"city\": \"Lima\"}", "end 0",
                "call 1 get_weather", "with 1 {\"city\": \"Oslo\"}", "end 1",
            ],
            TinyChat.Play(options, NoThought, Answer).Lines);

        CallRecord one = TinyChat.Play(
            options with { Tools = options.Tools! with { CallsMax = 1 } }, NoThought, Answer); // It has tools.
        Assert.Equal("call 0 get_weather\nwith 0 {\"city\": \"Lima\"}\nend 0\nToolCalls", one.All);
    }

    [Theory] // B040
    [InlineData(22, "thought I look up the weather in Paris.")]
    [InlineData(27, "thought I look up the weather in Paris.\ncall 0 get_weather\nwith 0 {\"city\":")]
    public void Answer_WhoseLimitLiesInTheCall_IsNoCompleteCall(int tokensMax, string expected)
    {
        AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes, "get_weather") with { TokensMax = tokensMax };
        CallRecord record = TinyChat.Play(options, "", Weather);
        Assert.Equal(expected + "\nLength", record.All);
        Assert.Contains("cut off", Assert.Single(record.Assembler.Warnings), StringComparison.Ordinal);
    }

    [Fact] // B040
    public void Answer_WhoseLimitLiesBehindTheCall_FinishesByLength()
    {
        int tokens = Encode(Weather).Length;
        AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes, "get_weather") with { TokensMax = tokens };
        Assert.EndsWith("end 0\nLength", TinyChat.Play(options, "", Weather).All, StringComparison.Ordinal);
        CallRecord ended = TinyChat.Play(options with { TokensMax = tokens + 1 }, "", Weather);
        Assert.EndsWith("end 0\nToolCalls", ended.All, StringComparison.Ordinal);
    }

    [Fact] // B040
    public void Answer_WithoutTools_LeavesTheCallText()
    {
        CallRecord record = TinyChat.Play(TinyChat.Options(null), "", Weather);
        string call = Weather[Weather.IndexOf("<tool_call>", StringComparison.Ordinal)..];
        Assert.Equal(["thought I look up the weather in Paris.", "text " + call], record.Lines);
        Assert.Equal(FinishReason.Stop, record.Finish);
    }

    private static void AssertCalls(JsonNode expected, CallRecord record)
    {
        string content = expected["content"]!.GetValue<string>();
        Assert.Equal(content == "empty or null" ? "" : content, record.Content);
        Assert.Equal(FinishReason.ToolCalls, record.Finish);
        JsonArray calls = expected["tool_calls"]!.AsArray();
        Assert.Equal(calls.Count, record.Assembler.ToolCallsComplete);
        for (int i = 0; i < calls.Count; i++)
        {
            Assert.Contains($"call {i} {calls[i]!["name"]!.GetValue<string>()}", record.Lines);
            string arguments = record.Lines.Single(line => line.StartsWith($"with {i} ", StringComparison.Ordinal));
            JsonNode? found = JsonNode.Parse(arguments[$"with {i} ".Length..]);
            Assert.True(JsonNode.DeepEquals(calls[i]!["arguments"], found), arguments);
        }
    }

    private static CallRecord Play(AnswerOptions options, int[] script) =>
        CallPlay.Play(options, Text(), Prompt(""), script);

    private static TokenText Text()
    {
        Tokenizer tokenizer = TinyChat.Text.Tokenizer;
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: false);
        return new TokenText(detokenizer.Append, detokenizer.Flush, tokenizer.IsControl);
    }

    private static int[] Prompt(string afterStart) => Encode("<|im_start|>assistant\n" + afterStart);

    private static int[] Encode(string text) => TinyChat.Text.Tokenizer.Encode(text, AddedTokens.All);
}
