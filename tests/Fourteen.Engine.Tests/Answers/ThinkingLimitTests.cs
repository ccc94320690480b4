using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Tests.Answers.ToolCalls;
using Fourteen.Protocol.Chat;
using Xunit;

namespace Fourteen.Engine.Tests.Answers;

/// <summary>Deadline, reserve and continued messages, alone and together with budgets and calls.</summary>
public sealed class ThinkingLimitTests
{
    private const int Word = 'w';
    private static readonly int[] Bare = ScriptedModel.Encode(ThinkingOptions.BareClosingText);

    private static readonly AnswerOptions Options = new()
    {
        StopTokens = [ScriptedModel.MessageEnd],
        Thinking = ScriptedModel.Thinking with { Closing = ThoughtClosing.Bare },
    };

    [Theory]
    [InlineData("", 4)]
    [InlineData("<think>\n", 3)]
    public void CloseThought_InAThought_ForcesTheClosingNext(string afterStart, int tokens)
    {
        AnswerAssembler assembler = Assembler(Options, afterStart);
        int[] script = [ScriptedModel.Open, Word, Word, Word];
        List<AnswerDelta> deltas = Feed(assembler, script.AsSpan()[^tokens..]);
        Assert.Equal(0, assembler.ForcedTokens.Length);
        assembler.CloseThought();
        assembler.CloseThought();
        Assert.Equal(Bare, assembler.ForcedTokens.ToArray());
        Assert.False(assembler.NextIsAnswer);
        deltas.AddRange(FeedForced(assembler));
        Assert.Equal("www", Join(deltas));
        Assert.True(assembler.NextIsAnswer);
        assembler.CloseThought();
        Assert.Equal(0, assembler.ForcedTokens.Length);
    }

    [Fact]
    public void CloseThought_BeforeAThought_ClosesTheOneThatOpens()
    {
        AnswerAssembler assembler = Assembler(Options, "");
        assembler.CloseThought();
        Assert.Equal(0, assembler.ForcedTokens.Length); // The model may answer.
        Feed(assembler, [ScriptedModel.Open]);
        Assert.Equal(Bare, assembler.ForcedTokens.ToArray());
    }

    [Fact]
    public void CloseThought_OfAModelThatDoesNotThink_DoesNothing()
    {
        AnswerAssembler assembler = Assembler(Options with { Thinking = ThinkingOptions.None }, "<think>\n");
        assembler.CloseThought();
        Feed(assembler, [Word]);
        Assert.Equal(0, assembler.ForcedTokens.Length);
    }

    /// <summary>Whatever limits a thought, and however long it would be, the reserve stays for the answer.</summary>
    [Fact]
    public void ForcedTokens_UnderRandomLimits_LeaveTheReserve()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            int most = random.Next(2, 400);
            int reserve = random.Next(1, most);
            string afterStart = random.Next(2) == 0 ? "" : "<think>\n";
            AnswerOptions options = Options with
            {
                TokensMax = most,
                Tools = random.Next(2) == 0 ? null : CallPlay.Options(ToolCallFormat.Hermes, "f").Tools,
                Thinking = ScriptedModel.Thinking with
                {
                    AnswerTokensMin = reserve,
                    Budget = random.Next(2) == 0 ? null : random.Next(300),
                    Closing = (ThoughtClosing)random.Next(2),
                },
            };
            int deadline = random.Next(2) == 0 ? -1 : random.Next(400);
            AnswerAssembler assembler = Assembler(options, afterStart);
            var deltas = new List<AnswerDelta>();
            int[] script = ScriptedModel.Encode((afterStart == "" ? "<think>" : "") + new string('w', 1000));
            int sampled = 0;
            bool asked = assembler.ForcedTokens.Length > 0;
            while (!(assembler.NextIsAnswer && assembler.OpeningToken is null) || assembler.ForcedTokens.Length > 0)
            {
                if (sampled == deadline)
                    assembler.CloseThought();
                bool isForced = assembler.ForcedTokens.Length > 0;
                int token = isForced ? assembler.ForcedTokens[0] : script[sampled++];
                Assert.Null(assembler.Append(token, deltas));
                asked |= isForced;
            }

            Assert.True(asked);
            int left = most - assembler.TokensUsed;
            Assert.True(left >= reserve, $"seed {seed}: {left} of {most} are left, {reserve} were asked for");
        }
    }

    [Theory]
    [InlineData(100, 0, false, 100)] // 0 keeps nothing, though the limit alone would.
    [InlineData(1000, 0, false, 1000)]
    [InlineData(20, 10, true, 10)]
    public void AnswerTokensMin_OverridesTheAutomaticReserve(int most, int reserve, bool closes, int expected)
    {
        AnswerAssembler assembler = Assembler(
            Options with { TokensMax = most, Thinking = Options.Thinking with { AnswerTokensMin = reserve } }, "");
        Feed(assembler, [ScriptedModel.Open]);
        FinishReason? finish = null;
        while (finish is null && assembler.ForcedTokens.Length == 0)
            finish = assembler.Append(Word, []);
        Assert.Equal(closes, finish is null);
        Assert.Equal(expected, assembler.TokensUsed + (closes ? Bare.Length : 0));
    }

    [Fact]
    public void Close_WhileACallBegins_WaitsForIt()
    {
        const string Begin = "<think>\nI call\n<tool_call>\n{\"name\": \"f\", ";
        AnswerOptions options = Options with
        {
            Tools = CallPlay.Options(ToolCallFormat.Hermes).Tools,
            Thinking = Options.Thinking with { Budget = "\nI call\n<tool_call>".Length },
        };
        AnswerAssembler assembler = Assembler(options, "");
        List<AnswerDelta> deltas = Feed(assembler, ScriptedModel.Encode(Begin));
        assembler.CloseThought();
        Assert.Equal(0, assembler.ForcedTokens.Length);
        Assert.True(assembler.InToolCall);
        Assert.StartsWith("<tool_call>\n{", assembler.OpenToolCall, StringComparison.Ordinal);
        Assert.False(assembler.NextIsAnswer);
        deltas.AddRange(Feed(assembler, ScriptedModel.Encode("\"arguments\": {\"a\": \"</think>\"}}</tool_call>")));
        Assert.True(assembler.NextIsAnswer);
        Assert.False(assembler.InToolCall);
        Assert.Equal("I callf{\"a\": \"</think>\"}", Join(deltas));
    }

    [Theory]
    [InlineData("\n{name")] // It is no call,
    [InlineData("\n{\"name\": \"a very long name that never seems to come to its end at all, at all")] // or too slow.
    public void Close_WhereNoCallComes_ClosesTheThought(string after)
    {
        AnswerOptions options = Options with { Tools = CallPlay.Options(ToolCallFormat.Hermes).Tools };
        AnswerAssembler assembler = Assembler(options, "");
        List<AnswerDelta> deltas = Feed(assembler, ScriptedModel.Encode("<think><tool_call>"));
        assembler.CloseThought();
        int[] script = ScriptedModel.Encode(after);
        int taken = 0;
        while (assembler.ForcedTokens.Length == 0)
            deltas.AddRange(Feed(assembler, [script[taken++]]));
        deltas.AddRange(FeedForced(assembler));
        Assert.Equal("<tool_call>" + after[..taken], Join(deltas));
        Assert.All(deltas, delta => Assert.Equal(AnswerPart.Thought, delta.Part));
    }

    [Theory]
    [InlineData("The capital", " of Peru", " of Peru", AnswerPart.Answer)]
    [InlineData("The capital", "<think>", "<think>", AnswerPart.Answer)]
    [InlineData("<think>\nI know", "\n\nthis.", "\n\nthis.", AnswerPart.Thought)]
    [InlineData("<think>", "\nthis.", "this.", AnswerPart.Thought)]
    [InlineData("<think>\n\n</think>\n\nThe", "\ncapital", "\ncapital", AnswerPart.Answer)]
    public void Append_ToAMessageThatGoesOn_GoesOnInItsPart(string prefix, string more, string shown, AnswerPart part)
    {
        foreach (int? budget in (int?[])[null, 1000])
        {
            AnswerOptions options = Options with
            {
                Thinking = Options.Thinking with { ContinuesMessage = true, Budget = budget },
            };
            AnswerAssembler assembler = Assembler(options, prefix);
            Assert.Null(assembler.OpeningToken);
            List<AnswerDelta> deltas = Feed(assembler, ScriptedModel.Encode(more));
            assembler.Finish(FinishReason.Stop, deltas);
            Assert.Equal(shown, Join(deltas));
            Assert.All(deltas, delta => Assert.Equal(part, delta.Part));
        }
    }

    [Fact]
    public void ForcedTokens_OfAMessageThatGoesOn_OpenNoThought()
    {
        ThinkingOptions thinking = Options.Thinking with { ContinuesMessage = true, Budget = 0 };
        Assert.Equal(0, Assembler(Options with { Thinking = thinking }, "The capital").ForcedTokens.Length);
        Assert.Equal(Bare, Assembler(Options with { Thinking = thinking }, "<think>\nHm").ForcedTokens.ToArray());
    }

    [Fact]
    public void EndAllowed_UnderALeastNumber_ComesWithIt()
    {
        AnswerOptions options = Options with { TokensMin = 3, StopStrings = ["a", "d"] };
        AnswerAssembler assembler = Assembler(options with { Thinking = ThinkingOptions.None }, "");
        var deltas = new List<AnswerDelta>();
        foreach (char c in "abc")
        {
            Assert.False(assembler.EndAllowed);
            Assert.Null(assembler.Append(c, deltas)); // "a" does not end it yet.
        }

        Assert.True(assembler.EndAllowed);
        Assert.Equal(FinishReason.Stop, assembler.Append('d', deltas));
        Assert.Equal("abc", Join(deltas));
    }

    [Fact]
    public void FindProblem_OfLimitsInConflict_NamesThem()
    {
        ThinkingOptions thinking = Options.Thinking;
        AssertProblem("found -1", Options with { TokensMin = -1 });
        AssertProblem("found 5", Options with { TokensMin = 5, TokensMax = 4 });
        AssertProblem(
            "found 8", Options with { TokensMax = 8, Thinking = thinking with { AnswerTokensMin = 8 } });
        AssertProblem("found -2", Options with { Thinking = thinking with { AnswerTokensMin = -2 } });
        AssertProblem("time", Options with { Thinking = thinking with { TimeMax = TimeSpan.FromSeconds(-1) } });
        ToolCallOptions tools = CallPlay.Options(ToolCallFormat.Hermes).Tools!; // Options sets them.
        AssertProblem("found 0", Options with { Tools = tools with { CallsMax = 0 } });
        Assert.Null((Options with { TokensMax = 8, Thinking = thinking with { AnswerTokensMin = 7 } }).FindProblem());
    }

    private static void AssertProblem(string expected, AnswerOptions options) =>
        Assert.Contains(expected, options.FindProblem(), StringComparison.Ordinal);

    private static AnswerAssembler Assembler(AnswerOptions options, string afterStart) =>
        new(options, new ScriptedModel().Text(), ScriptedModel.Prompt(afterStart));

    private static List<AnswerDelta> Feed(AnswerAssembler assembler, ReadOnlySpan<int> tokens)
    {
        var deltas = new List<AnswerDelta>();
        foreach (int token in tokens)
            Assert.Null(assembler.Append(token, deltas));
        return deltas;
    }

    private static List<AnswerDelta> FeedForced(AnswerAssembler assembler)
    {
        List<AnswerDelta> deltas = [];
        while (assembler.ForcedTokens.Length > 0)
            Assert.Null(assembler.Append(assembler.ForcedTokens[0], deltas));
        return deltas;
    }

    private static string Join(List<AnswerDelta> deltas) => string.Concat(deltas.Select(delta => delta.Text));
}
