using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests.OpenAi;

/// <summary>What bodies of OpenAI's endpoints ask for.</summary>
public sealed class OpenAiRequestTests
{
    private const string Chat = "/v1/chat/completions";

    [Theory]
    [InlineData("""{"response_format": {"type": "text"}}""", null)]
    [InlineData("""{"response_format": {"type": "json_object"}}""", typeof(JsonObjectConstraint))]
    [InlineData("""{"response_format": {"type": "json_object", "schema": {}}}""", typeof(JsonSchemaConstraint))]
    [InlineData("""{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}}""",
        typeof(JsonSchemaConstraint))]
    [InlineData("""{"json_schema": "{\"type\": \"object\"}"}""", typeof(JsonSchemaConstraint))]
    [InlineData("""{"structured_outputs": {"regex": "a+"}}""", typeof(RegexConstraint))]
    [InlineData("""{"structured_outputs": {"choice": ["a", "b"]}}""", typeof(ChoiceConstraint))]
    [InlineData("""{"grammar": "root ::= \"a\""}""", typeof(GrammarConstraint))]
    public void Constraint_OfAnAnswer_IsRead(string members, Type? type)
    {
        Assert.Equal(type, Bodies.ReadWith(Chat, members).Chat.Constraint?.GetType());
    }

    [Theory]
    [InlineData("""{"response_format": {"type": "json_object"}, "grammar": "x"}""", "grammar", "response_format")]
    [InlineData("""{"structured_outputs": {"regex": "a", "choice": ["b"]}}""", "structured_outputs", null)]
    public void Constraints_OfTwoKinds_AreRefused(string members, string first, string? second)
    {
        string parameter = Assert.Throws<RequestException>(() => Bodies.ReadWith(Chat, members)).Parameter;

        Assert.True(parameter.StartsWith(first, StringComparison.Ordinal) || parameter == second, parameter);
    }

    [Theory]
    [InlineData("""{"reasoning_effort": "none"}""", false, null)]
    [InlineData("""{"reasoning_effort": "low"}""", true, 1024)]
    [InlineData("""{"reasoning_effort": "high"}""", true, null)]
    [InlineData("""{"reasoning_effort": "high", "chat_template_kwargs": {"enable_thinking": false}}""", false, null)]
    [InlineData("""{"reasoning_effort": "low", "thinking_token_budget": 0}""", true, 0)]
    public void Thinking_IsReadFromItsManyNames(string members, bool? thinks, int? budget)
    {
        ChatRequest chat = Bodies.ReadWith(Chat, members).Chat;

        Assert.Equal((thinks, budget), (chat.Think, chat.ThinkBudget));
    }

    [Theory]
    [InlineData("""{"tool_choice": "required"}""", "tool_choice")]
    [InlineData("""{"tools": [{"type": "web_search"}]}""", "tools[0]")]
    [InlineData("""{"tools": [{"type": "function", "function": {"name": ""}}]}""", "tools[0].function.name")]
    [InlineData("""{"top_logprobs": 3}""", "top_logprobs")]
    [InlineData("""{"n": 0}""", "n")]
    [InlineData("""{"temperature": 1e400}""", "temperature")]
    [InlineData("""{"logit_bias": {"x": 1}}""", "logit_bias")]
    [InlineData("""{"continue_final_message": true}""", "continue_final_message")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}""",
        "messages[0].content[0]")]
    [InlineData("""{"chat_template_kwargs": {"messages": []}}""", "chat_template_kwargs.messages")]
    [InlineData("""{"stream_options": {"continuous_usage_stats": true}}""", "stream_options.continuous_usage_stats")]
    public void Request_ThatBreaksARule_IsRefusedByTheField(string members, string parameter)
    {
        // A number beyond every type has no node, so that the text is put together by hand.
        string body = Bodies.LeastOf(Chat).ToJsonString()[..^1] + "," + members[1..];
        if (members.Contains("\"messages\": [{", StringComparison.Ordinal))
            body = members;

        Assert.Equal(parameter, Assert.Throws<RequestException>(() => Bodies.Read(Chat, body)).Parameter);
    }

    [Theory]
    [InlineData("""{"prompt": "Hi"}""", "Hi", null)]
    [InlineData("""{"prompt": ["Hi"]}""", "Hi", null)]
    [InlineData("""{"prompt": [1, 2]}""", null, "1,2")]
    [InlineData("""{"prompt": [[1, 2]]}""", null, "1,2")]
    public void Prompt_OfACompletion_IsATextOrIds(string body, string? text, string? tokens)
    {
        foreach (string path in (string[])["/v1/completions", "/completion"])
        {
            ChatRequest chat = Bodies.Read(path, body).Chat;
            Assert.Equal(text, chat.Text);
            Assert.Equal(tokens, chat.Tokens is null ? null : string.Join(',', chat.Tokens));
        }
    }

    [Theory]
    [InlineData("""{"prompt": ["a", "b"]}""")]
    [InlineData("""{"prompt": [1, "b"]}""")]
    [InlineData("""{"prompt": []}""")]
    [InlineData("""{"prompt": [-1]}""")]
    [InlineData("""{"prompt": [[]], "suffix": "x"}""")]
    [InlineData("{}")]
    public void Prompt_OfSeveralOrNone_IsRefused(string body)
    {
        foreach (string path in (string[])["/v1/completions", "/completion"])
        {
            Assert.StartsWith(
                "prompt", Assert.Throws<RequestException>(() => Bodies.Read(path, body)).Parameter,
                StringComparison.Ordinal);
        }
    }
}
