using System.Text;
using Fourteen.Engine.Answers;
using Fourteen.Protocol.Chat;
using Xunit;

namespace Fourteen.Engine.Tests.Answers;

public sealed class AnswerAssemblerTests
{
    private const string NoThought = "<think>\n\n</think>\n\n";

    private static readonly AnswerOptions Options = new()
    {
        StopTokens = [ScriptedModel.MessageEnd, ScriptedModel.EndOfText],
        Thinking = ScriptedModel.Thinking,
    };

    [Theory]
    [InlineData(ScriptedModel.MessageEnd)]
    [InlineData(ScriptedModel.EndOfText)]
    public void Append_OfThoughtAndAnswer_PartsThemAndDropsTheTemplatesNewlines(int stopToken)
    {
        Played played = Play(Options, "", "<think>\nThe user\n\nasks.\n</think>\n\nParis.\n", stopToken);
        Assert.Equal(("The user\n\nasks.", "Paris.\n", FinishReason.Stop), Outcome(played));
    }

    [Fact]
    public void Append_AfterAnOpenThought_NeedsNoMarkerToThink()
    {
        Played played = Play(Options, "<think>\n", "Hm.\n</think>\n\nYes.", ScriptedModel.MessageEnd);
        Assert.Equal(("Hm.", "Yes.", FinishReason.Stop), Outcome(played));
    }

    [Fact]
    public void Append_OfAnEmptyThought_ShowsNoThought()
    {
        Played played = Play(Options, "", NoThought + "Yes.", ScriptedModel.MessageEnd);
        Assert.Equal(("", "Yes.", FinishReason.Stop), Outcome(played));
    }

    [Theory]
    [InlineData(NoThought)]
    [InlineData("<think>\nplan\n</think>\n\n")]
    public void Append_OfAnAnswerThatQuotesMarkers_KeepsThem(string before)
    {
        const string Answer = "Write `<think>plan</think>` before the body.";
        bool isPrompt = before == NoThought;
        string generated = isPrompt ? Answer : before + Answer;
        Played played = Play(Options, isPrompt ? before : "", generated, ScriptedModel.MessageEnd);
        Assert.Equal((isPrompt ? "" : "plan", Answer, FinishReason.Stop), Outcome(played));
    }

    [Fact]
    public void Append_WhereTheLimitEndsTheThought_GivesThePartialThought()
    {
        int[] script = ScriptedModel.Encode("<think>\nThe user asks for more");
        AnswerOptions options = Options with { TokensMax = 15 };
        Played played = ScriptedModel.Play(options, ScriptedModel.Prompt(""), script);
        Assert.Equal(("The user asks", "", FinishReason.Length), Outcome(played));
        Assert.Equal(15, played.TokensUsed);
    }

    [Fact]
    public void Append_OfAStopTokenAtTheLimit_FinishesByStop()
    {
        Played played = Play(Options with { TokensMax = 4 }, NoThought, "Yes", ScriptedModel.MessageEnd);
        Assert.Equal(("", "Yes", FinishReason.Stop), Outcome(played));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void Append_AtTheBudget_KeepsTheStopSentenceOutOfTheAnswer(int budget)
    {
        AnswerOptions options = Options with { Thinking = ScriptedModel.Thinking with { Budget = budget } };
        const string Thought = "\nThé user asks"; // One newline, so a budget of 4 ends inside the letter é.
        IEnumerable<int> script = ScriptedModel.Encode("<think>" + Thought).Take(1 + budget)
            .Concat(ScriptedModel.Encode("Paris.")).Append(ScriptedModel.MessageEnd);

        Played played = ScriptedModel.Play(options, ScriptedModel.Prompt(""), script);

        Assert.Equal("Paris.", played.Answer);
        Assert.Equal(FinishReason.Stop, played.Finish);
        Assert.EndsWith("directly now.", played.Thought, StringComparison.Ordinal);
        Assert.DoesNotContain("<", played.Thought, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_AtABudgetOfZero_ContinuesAsAfterTheTemplatesEmptyThought()
    {
        AnswerOptions options = Options with { TokensMax = 6, Thinking = ScriptedModel.Thinking with { Budget = 0 } };
        Played played = Play(options, "", "Paris", ScriptedModel.MessageEnd);
        Assert.Equal(("", "Paris", FinishReason.Stop), Outcome(played));
        Assert.Equal(
            [.. ScriptedModel.Encode(NoThought + "Paris"), ScriptedModel.MessageEnd], played.Appended);
    }

    [Fact]
    public void Append_OfAnEndInsideTheThought_FinishesAsIs()
    {
        Played played = Play(Options, "", "<think>\nHm", ScriptedModel.MessageEnd);
        Assert.Equal(("Hm", "", FinishReason.Stop), Outcome(played));
    }

    [Fact]
    public void Append_WithStopStrings_LeavesTheThoughtAlone()
    {
        AnswerOptions options = Options with { StopStrings = ["3, 4", "\n\n"] };
        const string Generated = "<think>\n1, 2, 3, 4\n\nso\n</think>\n\n1, 2, 3, 4, 5";
        Played played = Play(options, "", Generated, ScriptedModel.MessageEnd);
        Assert.Equal(("1, 2, 3, 4\n\nso", "1, 2, ", FinishReason.Stop), Outcome(played));
        Assert.Equal("3, 4", played.StopString);
        Assert.Equal('4', played.Appended[^1]);
    }

    [Fact]
    public void Append_WithPartOfAStopStringAtTheEnd_ShowsIt()
    {
        AnswerOptions options = Options with { StopStrings = ["END"] };
        Played whole = Play(options, NoThought, "the EN", ScriptedModel.MessageEnd);
        Assert.Equal(("", "the EN", FinishReason.Stop), Outcome(whole));
        Played cut = Play(options with { TokensMax = 6 }, NoThought, "the EN", 'D');
        Assert.Equal(("", "the EN", FinishReason.Length), Outcome(cut));
    }

    [Fact]
    public void Append_WithStopStringsThatAreShown_EndsWithThem()
    {
        AnswerOptions options = Options with { StopStrings = ["END\n", "x"], ShowsStopString = true };
        Played played = Play(options, NoThought, "the END\n more", ScriptedModel.MessageEnd);
        Assert.Equal(("", "the END\n", FinishReason.Stop), Outcome(played));
        Assert.Equal("END\n", played.StopString);
    }

    [Fact]
    public void Append_OfControlTokens_ShowsNothing()
    {
        int[] script = [ScriptedModel.MessageStart, .. ScriptedModel.Encode("a"), ScriptedModel.MessageStart, 'b'];
        Played played = ScriptedModel.Play(Options, ScriptedModel.Prompt(NoThought), script);
        Assert.Equal(("", "ab", FinishReason.Length), Outcome(played));
    }

    [Fact]
    public void Append_OfAToolCallWithoutTools_LeavesItVisible()
    {
        const string Call = "<tool_call>\n{\"name\": \"f\"}\n</tool_call>";
        Assert.Equal(("", Call, FinishReason.Stop), Outcome(Play(Options, NoThought, Call, ScriptedModel.MessageEnd)));
    }

    [Fact]
    public void Append_AfterTheEnd_Throws()
    {
        var assembler = new AnswerAssembler(Options, new ScriptedModel().Text(), []);
        var deltas = new List<AnswerDelta>();
        Assert.Equal(FinishReason.Stop, assembler.Append(ScriptedModel.EndOfText, deltas));
        Assert.Throws<InvalidOperationException>(() => assembler.Append('a', deltas));
        Assert.Equal(FinishReason.Stop, assembler.Finish(FinishReason.Length, deltas));
        Assert.Empty(deltas);
    }

    [Fact]
    public void FindProblem_OfIllegalOptions_NamesThem()
    {
        Assert.Contains("found 0", (Options with { TokensMax = 0 }).FindProblem(), StringComparison.Ordinal);
        Assert.Contains("Stop string 0", (Options with { StopStrings = [""] }).FindProblem(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(
            () => new AnswerAssembler(Options with { TokensMax = -1 }, new ScriptedModel().Text(), []));
    }

    [Fact]
    public void Append_OnRandomStreams_GivesWhatTheWholeTextDefines()
    {
        const string Alphabet = "ab\n é😀";
        for (int seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            bool thinks = random.Next(3) > 0;
            string thought = thinks ? RandomText(random, Alphabet) : "";
            string answer = RandomText(random, Alphabet);
            string[] stops = [.. Enumerable.Range(0, random.Next(3)).Select(_ => "ab" + RandomText(random, "ab \n"))];
            string whole = thinks ? $"<think>{thought}</think>{answer}" : answer;
            (string expected, bool stopped) = StopStringsTests.Define(thinks ? answer.TrimStart('\n') : answer, stops);

            Played played = Play(Options with { StopStrings = stops }, "", whole, ScriptedModel.MessageEnd);

            Assert.True(
                (thought.Trim('\n'), expected) == (played.Thought, played.Answer),
                $"seed {seed}: '{whole}' at [{string.Join('|', stops)}] gave '{played.Thought}' and '{played.Answer}'");
            Assert.Equal(stopped, played.StopString is not null);
            Assert.Equal(FinishReason.Stop, played.Finish);
        }
    }

    private static string RandomText(Random random, string alphabet)
    {
        Rune[] runes = [.. alphabet.EnumerateRunes()];
        int length = random.Next(24);
        return string.Concat(Enumerable.Range(0, length).Select(_ => runes[random.Next(runes.Length)].ToString()));
    }

    private static Played Play(AnswerOptions options, string afterStart, string text, int last) =>
        ScriptedModel.Play(options, ScriptedModel.Prompt(afterStart), ScriptedModel.Encode(text).Append(last));

    private static (string, string, FinishReason) Outcome(Played played) =>
        (played.Thought, played.Answer, played.Finish);
}
