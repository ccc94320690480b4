using Fourteen.Engine.Answers;
using Xunit;

namespace Fourteen.Engine.Tests.Answers;

public sealed class ThinkingStateTests
{
    private const int Word = 'w';

    [Theory]
    [InlineData("", TokenRole.Answer, TokenRole.Marker)]
    [InlineData("<think>\n", TokenRole.Thought, TokenRole.Marker)]
    [InlineData("<think>\n\n</think>\n\n", TokenRole.Answer, TokenRole.Answer)]
    [InlineData("<think>a</think>b<think>", TokenRole.Thought, TokenRole.Marker)]
    public void Next_AfterAPrompt_KnowsWhetherAThoughtIsOpen(string prompt, TokenRole ofWord, TokenRole ofOpen)
    {
        Assert.Equal(ofWord, State(prompt, null, null).Next(Word));
        Assert.Equal(ofOpen, State(prompt, null, null).Next(ScriptedModel.Open));
    }

    [Fact]
    public void Next_WithoutAMessageStart_LooksAtTheWholePrompt()
    {
        ThinkingOptions options = ScriptedModel.Thinking with { MessageStartToken = null };
        Assert.Equal(TokenRole.Thought, new ThinkingState(options, null, [1, ScriptedModel.Open, 2]).Next(Word));
    }

    [Fact]
    public void Next_InAnAnswer_LeavesMarkersInIt()
    {
        ThinkingState state = State("", null, null);
        Assert.Equal(
            [
                TokenRole.Marker, TokenRole.Thought, TokenRole.Marker,
                TokenRole.Answer, TokenRole.Answer, TokenRole.Answer,
            ],
            new[] { ScriptedModel.Open, Word, ScriptedModel.Close, Word, ScriptedModel.Open, ScriptedModel.Close }
                .Select(state.Next));
    }

    [Fact]
    public void Next_OfAModelThatDoesNotThink_IsAllAnswer()
    {
        var state = new ThinkingState(ThinkingOptions.None, 1000, []);
        Assert.Equal(TokenRole.Answer, state.Next(ScriptedModel.Open));
        Assert.Equal(TokenRole.Answer, state.Next(0));
        Assert.Equal(0, state.ForcedTokens.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void ForcedTokens_AtTheBudget_AreTheStopSentence(int budget)
    {
        ThinkingState state = State("", budget, null);
        state.Next(ScriptedModel.Open);
        for (int i = 0; i < budget; i++)
        {
            Assert.Equal(0, state.ForcedTokens.Length);
            Assert.Equal(TokenRole.Thought, state.Next(Word));
        }

        Assert.Equal(ScriptedModel.Encode(ThinkingOptions.StopSentenceText), state.ForcedTokens.ToArray());
    }

    [Fact]
    public void ForcedTokens_WhereTheThoughtClosesAtTheBudget_AreNone()
    {
        ThinkingState state = State("<think>\n", 3, null);
        foreach (int token in new[] { Word, Word, ScriptedModel.Close, Word, Word })
        {
            state.Next(token);
            Assert.Equal(0, state.ForcedTokens.Length);
        }
    }

    [Theory]
    [InlineData("", ThinkingOptions.EmptyThoughtText)]
    [InlineData("<think>\n", ThinkingOptions.BareClosingText)]
    [InlineData("<think>\n\n</think>\n\n", "")]
    public void ForcedTokens_AtABudgetOfZero_CloseTheThoughtAtOnce(string prompt, string expected)
    {
        ThinkingState state = State(prompt, 0, 60);
        Assert.Equal(ScriptedModel.Encode(expected), state.ForcedTokens.ToArray());
        foreach (int token in state.ForcedTokens.ToArray())
            state.Next(token);
        Assert.Equal(0, state.TokensUsed);
        Assert.Equal(0, state.ForcedTokens.Length);
        Assert.Equal(TokenRole.Answer, state.Next(Word));
        Assert.Equal(1, state.TokensUsed);
    }

    [Theory]
    [InlineData(null, 5, false)] // A short limit without a budget: thought to the end.
    [InlineData(null, 255, false)]
    [InlineData(null, 256, true)]
    [InlineData(null, 4096, true)]
    [InlineData(1024, 5, false)] // A budget that cannot bind asks for nothing.
    [InlineData(16, 17, true)]
    [InlineData(100_000, 100_000, true)]
    [InlineData(40, 64, true)]
    [InlineData(1000, 1200, true)]
    public void ForcedTokens_NearTheLimit_LeaveRoomForAnAnswer(int? budget, int tokensMax, bool keepsReserve)
    {
        ThinkingState state = State("", budget, tokensMax);
        state.Next(ScriptedModel.Open);
        while (state.ForcedTokens.Length == 0 && state.TokensUsed < tokensMax)
            state.Next(Word);
        foreach (int token in state.ForcedTokens.ToArray())
            state.Next(token);

        Assert.Equal(keepsReserve, state.ThoughtClosed);
        int room = tokensMax - state.TokensUsed;
        if (keepsReserve)
            Assert.InRange(room, Math.Min(1024, tokensMax / 4), tokensMax);
        else
            Assert.Equal(0, room);
    }

    [Fact]
    public void Next_OfAnotherThanTheForcedToken_Throws()
    {
        ThinkingState state = State("", 0, null);
        Assert.Throws<InvalidOperationException>(() => state.Next(Word));
    }

    [Fact]
    public void FindProblem_OfImpossibleOptions_NamesThem()
    {
        ThinkingOptions thinks = ScriptedModel.Thinking;
        Assert.Null(thinks.FindProblem());
        Assert.Null((ThinkingOptions.None with { Budget = 0 }).FindProblem());
        AssertProblem("found -1", thinks with { Budget = -1 });
        AssertProblem("no <think> token", ThinkingOptions.None with { Budget = 1 });
        AssertProblem("found one", thinks with { OpenToken = null });
        AssertProblem("StopSentence", thinks with { StopSentence = [1] });
        Assert.Throws<ArgumentException>(() => new ThinkingState(new ThinkingOptions { Budget = -1 }, null, []));
    }

    private static void AssertProblem(string expected, ThinkingOptions options) =>
        Assert.Contains(expected, options.FindProblem(), StringComparison.Ordinal);

    private static ThinkingState State(string prompt, int? budget, int? tokensMax) =>
        new(ScriptedModel.Thinking with { Budget = budget }, tokensMax, ScriptedModel.Prompt(prompt));
}
