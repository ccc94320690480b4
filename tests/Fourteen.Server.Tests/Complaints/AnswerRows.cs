using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Complaints;

/// <summary>
/// What users of other servers complain about (reference/serving.md, section 4): tools, thinking, structured output.
/// </summary>
public sealed class AnswerRows(ServerFixture fixture)
{
    private const string Weather = """
        {"type": "function", "function": {"name": "get_weather", "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
        """;

    private const string Nothing = """
        {"type": "function", "function": {"name": "noop",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": false}}}
        """;

    private const string Grouped = """
        {"type": "object", "properties": {"n": {"type": "string", "pattern": "^(a|b){2}$"}},
        "required": ["n"], "additionalProperties": false}
        """;

    private TestServer Server => fixture.Server;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row03_ToolChoice_IsEnforced(bool streams)
    {
        async Task<ChatResult> AskAsync(string question, string choice) => await Server.ChatAsync(
            Asking.Chat(question, 80).With(
                ("tools", new JsonArray(JsonNode.Parse(Weather), JsonNode.Parse(Nothing))),
                ("stream", streams), ("tool_choice", JsonNode.Parse(choice))));

        // The model would not call for a greeting, and would call for the weather.
        ChatResult required = await AskAsync("Hello", "\"required\"");
        Assert.Equal("tool_calls", required.FinishReason);
        Assert.NotEmpty(required.Calls);
        ChatResult named = await AskAsync(
            "What is the weather in Paris?", """{"type": "function", "function": {"name": "noop"}}""");
        Assert.Equal(("tool_calls", "noop"), (named.FinishReason, Assert.Single(named.Calls).Name));
        ChatResult none = await AskAsync("What is the weather in Paris?", "\"none\"");
        Assert.Empty(none.Calls);
        ChatResult auto = await AskAsync("What is the weather in Paris?", "\"auto\"");
        Assert.Equal("get_weather", Assert.Single(auto.Calls).Name);
    }

    [Fact]
    public async Task Row03_ToolChoiceThatCannotBe_IsRefused()
    {
        foreach (string choice in (string[])["\"sometimes\"", "\"required\"",
            """{"type": "function", "function": {"name": "unknown"}}"""])
        {
            JsonObject body = Asking.Chat("Hello").With(("tool_choice", JsonNode.Parse(choice)));
            if (choice != "\"required\"")
                body["tools"] = new JsonArray(JsonNode.Parse(Weather));
            HttpAnswer answer = (await Server.PostAsync("/v1/chat/completions", body)).With(400);
            Assert.Contains("tool", answer.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Row08_Row09_Thoughts_StandInTheirFieldAlone(bool thinks)
    {
        JsonObject body = Asking.Chat("What is 3 + 4?").With(
            ("chat_template_kwargs", new JsonObject { ["enable_thinking"] = thinks }));
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult result = await Server.ChatAsync(body.With(("stream", streams)));
            Assert.Equal(
                (thinks ? "I add 3 and 4. The sum is 7." : "", "3 + 4 = 7"), (result.Reasoning, result.Content));
        }

        JsonNode ollama = (await Server.PostAsync("/api/chat", Asking.Chat("What is 3 + 4?").With(
            ("think", thinks), ("stream", false)))).With(200).Json["message"]!;
        Assert.Equal("3 + 4 = 7", ollama["content"]!.GetValue<string>());
        Assert.Equal(thinks ? "I add 3 and 4. The sum is 7." : null, ollama["thinking"]?.GetValue<string>());
        JsonNode anthropic = (await Server.PostAsync("/v1/messages", Asking.Chat("What is 3 + 4?").With(
            ("thinking", new JsonObject { ["type"] = thinks ? "adaptive" : "disabled" })))).With(200).Json;
        Assert.Equal(
            thinks ? ["thinking", "text"] : ["text"],
            anthropic["content"]!.AsArray().Select(block => block!["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Row10_AnswerReserve_LeavesRoomForTheAnswer()
    {
        JsonObject body = Asking.Chat("What is the capital of France?", 16).With(
            ("chat_template_kwargs", Asking.Body("""{"enable_thinking": true}""")));
        ChatResult without = await Server.ChatAsync(body);
        Assert.Equal(("", "length"), (without.Content, without.FinishReason));
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult with = await Server.ChatAsync(body.With(("min_answer_tokens", 8), ("stream", streams)));
            Assert.NotEmpty(with.Content);
            Assert.NotEmpty(with.Reasoning);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row11_ThoughtBudget_HoldsWithTools(bool streams)
    {
        JsonObject body = Asking.Chat("What is the weather in Paris?", 120).With(
            ("chat_template_kwargs", Asking.Body("""{"enable_thinking": true}""")), ("stream", streams),
            ("stream_options", streams ? Asking.Body("""{"include_usage": true}""") : null),
            ("tools", new JsonArray(JsonNode.Parse(Weather))), ("tool_choice", "required"),
            ("thinking_token_budget", 3));
        ChatResult result = await Server.ChatAsync(body);
        Assert.Equal(3, result.Usage!["completion_tokens_details"]!["reasoning_tokens"]!.GetValue<int>());
        Assert.NotEmpty(result.Calls);
        Assert.All(result.Calls, call => Assert.DoesNotContain("think", call.Arguments, StringComparison.Ordinal));
        Assert.All(result.Calls, call => Assert.NotNull(JsonNode.Parse(call.Arguments)!["city"]));
    }

    /// <summary>Both names of the field are checked by <see cref="ChatResult"/> in each answer; here that one can
    /// switch them off.</summary>
    [Fact]
    public async Task Row12_Reasoning_HasBothNamesUnlessItIsUnwanted()
    {
        JsonObject body = Asking.Chat("What is 3 + 4?").With(("chat_template_kwargs", null));
        HttpAnswer shown = (await Server.PostAsync("/v1/chat/completions", body)).With(200);
        JsonNode message = shown.Json["choices"]![0]!["message"]!;
        Assert.NotEmpty(message["reasoning"]!.GetValue<string>());
        Assert.Equal(message["reasoning"]!.GetValue<string>(), message["reasoning_content"]!.GetValue<string>());
        HttpAnswer hidden = (await Server.PostAsync(
            "/v1/chat/completions", body.With(("include_reasoning", false)))).With(200);
        Assert.DoesNotContain("The sum is", hidden.Text, StringComparison.Ordinal);
    }

    /// <summary>The golden rows B034 and B036 check parts and indices; here every limit of tokens.</summary>
    [Fact]
    public async Task Row13_Row14_CallsCutAnywhere_AreWholeOrTrueBeginnings()
    {
        const string Arguments = "{\"city\": \"Lima\"}";
        JsonObject body = Asking.Chat("What is the weather in Lima and Oslo?").With(
            ("tools", new JsonArray(JsonNode.Parse(Weather))), ("stream", true));
        for (int tokens = 1; tokens <= 60; tokens += 2)
        {
            ChatResult result = await Server.ChatAsync(body.With(("max_tokens", tokens)));
            Assert.DoesNotContain("tool_call>", result.Content, StringComparison.Ordinal);
            if (result.Calls.Count > 0)
                Assert.StartsWith(result.Calls[0].Arguments, Arguments, StringComparison.Ordinal);
            Assert.DoesNotContain("\"error\"", result.Answer.Text, StringComparison.Ordinal);
            if (result.FinishReason != "length")
                Assert.Equal(["Lima", "Oslo"], result.Calls.Select(
                    call => JsonNode.Parse(call.Arguments)!["city"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task Row15_SchemaThatCannotBeEnforced_IsRefusedWithItsPlace()
    {
        JsonObject body = Asking.Chat("Hello").With(("response_format", JsonNode.Parse("""
            {"type": "json_schema", "json_schema": {"name": "s", "strict": true, "schema": {"type": "object",
            "properties": {"a": {"type": "array", "uniqueItems": true, "items": {"type": "string"}}}}}}
            """)));
        string message = (await Server.PostAsync("/v1/chat/completions", body)).With(400)
            .Json["error"]!["message"]!.GetValue<string>();
        Assert.Contains("/properties/a", message, StringComparison.Ordinal);
        Assert.Contains("uniqueItems", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type": "string", "pattern": "^\\d{3}-\\d{2}$"}""", @"^""\d{3}-\d{2}""$")]
    [InlineData("""{"type": "string", "pattern": "ab", "maxLength": 5000}""", "ab")]
    [InlineData(Grouped, @"""[ab]{2}""")]
    public async Task Row15_SchemasThatBrokeOthers_AreEnforced(string schema, string expected)
    {
        foreach (bool thinks in (bool[])[false, true])
        {
            ChatResult result = await Server.ChatAsync(Asking.Chat("Hello", 300).With(
                ("chat_template_kwargs", new JsonObject { ["enable_thinking"] = thinks }), ("seed", 3),
                ("temperature", 1), ("response_format", new JsonObject
                {
                    ["type"] = "json_schema",
                    ["json_schema"] = new JsonObject { ["name"] = "s", ["schema"] = JsonNode.Parse(schema) },
                })));
            if (result.FinishReason == "stop")
                Cases.Schemas.AssertValid(JsonNode.Parse(schema)!, result.Content);
            else
                Assert.Contains("5000", schema, StringComparison.Ordinal); // Only this one may go on so long.
            if (result.FinishReason == "stop")
                Assert.Matches(expected, result.Content);
        }
    }

    /// <summary>Until adapters are part of what the cache is found by, none is taken.</summary>
    [Fact]
    public async Task Row16_Adapters_AreRefusedAndNotIgnored()
    {
        HttpAnswer answer = (await Server.PostAsync("/v1/chat/completions", Asking.Chat("Hello").With(
            ("lora", JsonNode.Parse("""[{"id": 0, "scale": 1}]"""))))).With(400);
        Assert.Equal("lora", answer.Json["error"]!["param"]!.GetValue<string>());
    }

    [Fact]
    public async Task Row21_TemplateOfEveryKindOfMessage_Renders()
    {
        JsonArray dialogues = JsonNode.Parse(await File.ReadAllTextAsync(
            Testing.SharedFiles.Model("qwen3-tiny-chat/dialogues.json"),
            TestContext.Current.CancellationToken))!.AsArray();
        foreach (JsonNode? dialogue in dialogues)
        {
            JsonObject body = Asking.Chat("").With(
                ("messages", dialogue!["messages"]!.DeepClone()), ("max_tokens", 200),
                ("chat_template_kwargs", new JsonObject
                {
                    ["enable_thinking"] = dialogue["enable_thinking"]!.GetValue<bool>(),
                }));
            if (dialogue["tools"] is JsonArray tools)
                body["tools"] = tools.DeepClone();
            ChatResult result = await Server.ChatAsync(body);
            string greedy = dialogue["greedy"]!.GetValue<string>();
            Assert.Contains(result.Reasoning, greedy, StringComparison.Ordinal);
            Assert.Contains(result.Content, greedy, StringComparison.Ordinal);
            Assert.All(result.Calls, call => Assert.Contains(call.Arguments, greedy, StringComparison.Ordinal));
            Assert.Equal(greedy.Contains("<tool_call>", StringComparison.Ordinal), result.Calls.Count > 0);
        }

        foreach (string model in (string[])[TestServer.Tiny, TestServer.Embedded])
        {
            (await Server.PostAsync("/apply-template", Asking.Body("""
                {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function", "function":
                {"name": "f", "arguments": "{\"a\": 1}"}}]}, {"role": "tool", "tool_call_id": "1", "content": "R"},
                {"role": "assistant", "content": "A", "reasoning_content": "T"}, {"role": "user", "content": "Q2"}]}
                """).With(("model", model)))).With(200);
        }
    }

    /// <summary>
    /// The last message is an open thought, and its end is forbidden, so that the model calls within it: the call
    /// counts. With a grammar the thought is closed first.
    /// </summary>
    [Theory]
    [InlineData("auto", false)]
    [InlineData("auto", true)]
    [InlineData("required", false)]
    [InlineData("required", true)]
    public async Task Row22_CallWithinAThought_IsACall(string choice, bool streams)
    {
        JsonArray ids = (await Server.PostAsync("/tokenize", Asking.Body(
            """{"content": "</think><tool_call>"}"""))).With(200).Json["tokens"]!.AsArray();
        JsonObject body = Asking.Chat("", 120).With(
            ("messages", JsonNode.Parse("""
                [{"role": "user", "content": "What is the weather in Paris?"},
                {"role": "assistant", "content": "<think>\nI look up the weather in Paris.\n"}]
                """)),
            ("continue_final_message", true), ("chat_template_kwargs", null), ("stream", streams),
            ("tools", new JsonArray(JsonNode.Parse(Weather))), ("tool_choice", choice),
            ("parallel_tool_calls", false),
            ("logit_bias", new JsonObject { [ids[0]!.ToString()] = -100, [ids[1]!.ToString()] = 6 }));
        ChatResult result = await Server.ChatAsync(body);
        ChatCall call = Assert.Single(result.Calls);
        Assert.Equal(("get_weather", "tool_calls"), (call.Name, result.FinishReason));
        // Nudged into calling, the model may take another city.
        Assert.NotEmpty(JsonNode.Parse(call.Arguments)!["city"]!.GetValue<string>());
        Assert.Equal("", result.Content);
        Assert.DoesNotContain("get_weather", result.Reasoning, StringComparison.Ordinal);
        // The marker is the thought's end where the call must follow a grammar, and part of the call where it is free.
        Assert.Equal(choice == "required", result.Reasoning.EndsWith("<tool_call>", StringComparison.Ordinal));
    }
}
