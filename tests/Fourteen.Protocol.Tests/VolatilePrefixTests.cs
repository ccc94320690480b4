using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Lines at the head of a system prompt that change with each request (serving.md §4 row 6).</summary>
public sealed class VolatilePrefixTests
{
    private const string Header = "x-anthropic-billing-header: cc_version=2.1.177.01c; cc_entrypoint=cli; cch=";

    [Fact]
    public void ClaudeCodeBillingHeader_OfTwoRequests_LeavesTheSamePrompt()
    {
        ChatMessage[] Ask(string hash) => [.. VolatilePrefix.Move(Bodies.Read("/v1/messages", $$"""
            {"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}], "system": [
              {"type": "text", "text": "{{Header}}{{hash}};"},
              {"type": "text", "text": "You are an agent.\nBe brief.", "cache_control": null}
            ]}
            """).Chat).Chat.Messages];

        Assert.Equal(Ask("36ee5").Select(m => m.Content), Ask("0aaa9").Select(m => m.Content));
        Assert.Equal(["You are an agent.\nBe brief.", "Hi"], Ask("36ee5").Select(m => m.Content));
    }

    [Fact]
    public void MovedLines_StandInANotice_WordForWord()
    {
        var chat = new ChatRequest
        {
            Messages = [new("system", $"{Header}1;\r\n{Header}2;\n\nYou are an agent."), new("user", "Hi")],
        };

        (ChatRequest moved, Notice? notice) = VolatilePrefix.Move(chat);

        Assert.Equal("You are an agent.", moved.Messages[0].Content);
        Assert.Equal("volatile_prefix_moved", notice!.Code);
        Assert.Equal([$"{Header}1;", $"{Header}2;"], notice.Details!["lines"]!.AsArray().Select(line => (string?)line));
    }

    [Fact]
    public void SystemPrompt_OfTheHeaderAlone_Goes()
    {
        (ChatRequest moved, Notice? notice) = VolatilePrefix.Move(new ChatRequest
        {
            Messages = [new("system", $"{Header}1;"), new("user", "Hi")],
        });

        Assert.NotNull(notice);
        Assert.Equal("user", Assert.Single(moved.Messages).Role);
    }

    [Fact]
    public void OtherPrompts_StayTheSameObject()
    {
        ChatRequest[] others =
        [
            new() { Messages = [new("system", $"You are an agent.\n{Header}1;"), new("user", "Hi")] },
            new() { Messages = [new("user", $"{Header}1;")] },
            new() { Messages = [new("system", "Today's date is 2026-03-04.")] },
            new() { Text = Header },
        ];

        Assert.All(others, chat =>
        {
            (ChatRequest same, Notice? notice) = VolatilePrefix.Move(chat);
            Assert.Same(chat, same);
            Assert.Null(notice);
        });
    }
}
