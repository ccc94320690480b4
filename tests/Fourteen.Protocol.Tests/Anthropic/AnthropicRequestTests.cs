using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests.Anthropic;

/// <summary>What a body of /v1/messages asks for.</summary>
public sealed class AnthropicRequestTests
{
    private const string Path = "/v1/messages";

    [Fact]
    public void Conversation_WithTools_BecomesMessagesInOrder()
    {
        ChatRequest chat = Bodies.ReadWith(Path, """
            {"system": [{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}],
             "messages": [
              {"role": "user", "content": "Weather?"},
              {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "I look.", "signature": "x"},
                {"type": "redacted_thinking", "data": "z"},
                {"type": "text", "text": "A moment."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Rome"}},
                {"type": "tool_use", "id": "t2", "name": "time", "input": {}}]},
              {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "noon"}]},
                {"type": "tool_result", "tool_use_id": "t1", "content": "no such city", "is_error": true},
                {"type": "text", "text": "Well?"}]}]}
            """).Chat;

        Assert.Equal(
            ["system: Be\nbrief.", "user: Weather?", "assistant: A moment.", "tool: noon", "tool: Error: no such city",
                "user: Well?"],
            chat.Messages.Select(message => $"{message.Role}: {message.Content}"));
        Assert.Equal("I look.", chat.Messages[2].Reasoning);
        Assert.Equal(["weather({\"city\":\"Rome\"})", "time({})"], chat.Messages[2].ToolCalls.Select(
            call => $"{call.Name}({call.Arguments!.ToJsonString()})"));
        Assert.Equal(("t2", "time"), (chat.Messages[3].ToolCallId, chat.Messages[3].Name));
        Assert.Equal(("t1", "weather"), (chat.Messages[4].ToolCallId, chat.Messages[4].Name));
        Assert.False(chat.ContinueFinalMessage);
    }

    [Fact]
    public void Tools_BecomeOpenAisForm_WithTheirSchema()
    {
        ChatRequest chat = Bodies.ReadWith(Path, """
            {"tools": [{"name": "f", "description": "D", "strict": true, "input_schema": {"type": "object"},
              "cache_control": {"type": "ephemeral"}}],
             "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true}}
            """).Chat;

        ToolDefinition tool = Assert.Single(chat.Tools);
        Assert.Equal(
            """{"type":"function","function":{"name":"f","description":"D","parameters":{"type":"object"}}}""",
            tool.Json.ToJsonString());
        Assert.True(tool.Strict);
        Assert.Equal(new ToolChoice(ToolChoiceKind.Named, "f"), chat.ToolChoice);
        Assert.False(chat.ParallelToolCalls);
    }

    [Theory]
    [InlineData("{}", false, null)]
    [InlineData("""{"thinking": {"type": "disabled"}}""", false, null)]
    [InlineData("""{"thinking": {"type": "adaptive"}}""", true, null)]
    [InlineData("""{"thinking": {"type": "enabled", "budget_tokens": 1024}}""", true, 1024)]
    [InlineData("""{"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}""", true, 4095)]
    [InlineData("""{"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}""", true, null)]
    [InlineData("""{"output_config": {"effort": "low"}}""", false, null)]
    public void Thinking_IsOffUnlessAskedFor(string members, bool thinks, int? budget)
    {
        ChatRequest chat = Bodies.ReadWith(Path, members).Chat;

        Assert.Equal((thinks, budget), (chat.Think, chat.ThinkBudget));
    }

    [Theory] // B033: budget_tokens must be smaller than max_tokens.
    [InlineData("""{"max_tokens": 5, "thinking": {"type": "enabled", "budget_tokens": 1024}}""",
        "thinking.budget_tokens")]
    [InlineData("""{"thinking": {"type": "enabled", "budget_tokens": 1023}}""", "thinking.budget_tokens")]
    [InlineData("""{"max_tokens": null}""", "max_tokens")]
    [InlineData("""{"max_tokens": 0}""", "max_tokens")]
    [InlineData("""{"messages": []}""", "messages")]
    [InlineData("""{"messages": [{"role": "tool", "content": "x"}]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "messages[0].content")]
    [InlineData("""{"tools": [{"type": "web_search_20250305", "name": "web_search"}]}""", "tools[0].type")]
    [InlineData("""{"tools": [{"name": "f"}]}""", "tools[0].input_schema")]
    [InlineData("""{"tool_choice": {"type": "any"}}""", "tool_choice")]
    [InlineData("""{"container": "c"}""", "container")]
    [InlineData("""{"mcp_servers": [{"url": "x"}]}""", "mcp_servers")]
    public void Request_ThatBreaksARule_IsRefusedByTheField(string members, string parameter)
    {
        Assert.Equal(parameter, Assert.Throws<RequestException>(() => Bodies.ReadWith(Path, members)).Parameter);
    }

    [Fact]
    public void BodyOfClaudeCode_IsTaken_AndWhatIsNotFollowedIsNamed()
    {
        RequestDraft draft = Bodies.Read(Path, """
            {"model": "m", "max_tokens": 32000, "stream": true, "temperature": 1, "metadata": {"user_id": "u"},
             "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
             "thinking": {"type": "enabled", "budget_tokens": 31999},
             "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
             "output_config": {"effort": "high"},
             "tools": [{"name": "Bash", "description": "D", "eager_input_streaming": true, "input_schema": {
               "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {}}}],
             "messages": [{"role": "user", "content": [
               {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]}]}
            """);

        Assert.Equal(["context_management"], draft.Ignored);
        Assert.Equal((true, 31999, 32000), (draft.Chat.Think, draft.Chat.ThinkBudget, draft.Chat.MaxTokens));
        Assert.True(draft.Stream);
    }

    [Theory]
    [InlineData("image")]
    [InlineData("document")]
    [InlineData("server_tool_use")]
    public void Block_ThatIsNoText_IsRefusedByItsType(string type)
    {
        var refused = Assert.Throws<RequestException>(() => Bodies.ReadWith(
            Path, $$"""{"messages": [{"role": "user", "content": [{"type": "{{type}}"}]}]}"""));

        Assert.Equal("messages[0].content[0]", refused.Parameter);
        Assert.Contains($"\"{type}\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LastMessage_OfTheAssistant_IsTheBeginningOfTheAnswer()
    {
        const string Prefill = """
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "{"}]}
            """;
        const string Unanswered = """
            {"messages": [{"role": "assistant", "content": [
              {"type": "tool_use", "id": "a", "name": "f", "input": {}}]}]}
            """;

        Assert.True(Bodies.ReadWith(Path, Prefill).Chat.ContinueFinalMessage);
        Assert.Throws<RequestException>(() => Bodies.ReadWith(Path, Unanswered));
    }

    [Fact] // B071: the same body gives the same prompt, and needs no limit.
    public void CountTokens_OfABody_AsksForThePromptThatItsMessageHas()
    {
        const string Body = """
            {"model": "m", "system": "S", "messages": [{"role": "user", "content": "Hello"}],
             "tools": [{"name": "f", "input_schema": {"type": "object"}}]}
            """;

        RequestDraft counted = Bodies.Read("/v1/messages/count_tokens", Body);
        RequestDraft answered = Bodies.Read(Path, Body.Replace("\"system\"", "\"max_tokens\": 5, \"system\""));

        Assert.Null(counted.Chat.MaxTokens);
        counted.Chat = counted.Chat with { MaxTokens = 5 };
        Assert.Equal(DraftText.Of(answered), DraftText.Of(counted));
    }

    [Fact]
    public void Schema_OfTheAnswer_IsTakenUnderBothNames()
    {
        foreach (string members in (string[])
        [
            """{"output_format": {"type": "json_schema", "schema": {"type": "object"}}}""",
            """{"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}""",
        ])
        {
            var constraint = Assert.IsType<JsonSchemaConstraint>(Bodies.ReadWith(Path, members).Chat.Constraint);
            Assert.Equal("""{"type":"object"}""", constraint.Schema.ToJsonString());
        }
    }
}
