using Fourteen.Engine.Answers;
using Xunit;

namespace Fourteen.Engine.Tests.Answers;

public sealed class SoftSwitchTests
{
    [Theory]
    [InlineData("hello", null)]
    [InlineData("hello /no_think", false)]
    [InlineData("/think hello", true)]
    [InlineData("/think, no: /no_think", false)]
    [InlineData("/no_think then /think.", true)]
    [InlineData("你好/no_think", false)]
    [InlineData("/no_think你好", false)]
    [InlineData("hello\n/think\n", true)]
    [InlineData("see src/think or /thinking", null)]
    [InlineData("/no_thinking", null)]
    [InlineData("<think>a</think>", null)]
    [InlineData("http://x.org/think", null)]
    [InlineData("/think/more", null)]
    [InlineData("/think a/think", true)]
    public void Find_InOneMessage_TakesTheLastWholeWord(string content, bool? expected)
    {
        Assert.Equal(expected, SoftSwitch.Find([("user", content)]));
        Assert.Equal(expected, SoftSwitch.Find([("system", content), ("assistant", "/think /no_think")]));
    }

    [Fact]
    public void Find_OverMessages_TakesTheMostRecentAndPersists()
    {
        Assert.Null(SoftSwitch.Find([]));
        Assert.False(SoftSwitch.Find([("user", "/think"), ("assistant", "a"), ("user", "/no_think"), ("user", "b")]));
        Assert.True(SoftSwitch.Find([("system", "/no_think"), ("user", "/think"), ("assistant", "/no_think")]));
    }
}
