using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests.Ollama;

/// <summary>What bodies of Ollama's endpoints ask for.</summary>
public sealed class OllamaRequestTests
{
    [Fact]
    public void Stream_IsTheUsual_AndFalseSwitchesItOff()
    {
        Assert.True(Bodies.ReadWith("/api/chat", "{}").Stream);
        Assert.True(Bodies.ReadWith("/api/generate", "{}").Stream);
        Assert.False(Bodies.ReadWith("/api/chat", """{"stream": false}""").Stream);
    }

    [Fact]
    public void Conversation_WithTools_BecomesMessages()
    {
        ChatRequest chat = Bodies.ReadWith("/api/chat", """
            {"messages": [
              {"role": "user", "content": "Weather?", "images": []},
              {"role": "assistant", "thinking": "I look.", "tool_calls": [
                {"id": "c1", "function": {"name": "weather", "arguments": {"city": "Rome"}}}]},
              {"role": "tool", "tool_name": "weather", "tool_call_id": "c1", "content": "dry"}]}
            """).Chat;

        Assert.Equal(
            ["user: Weather?", "assistant: ", "tool: dry"], chat.Messages.Select(m => $"{m.Role}: {m.Content}"));
        Assert.Equal("I look.", chat.Messages[1].Reasoning);
        Assert.Equal("""{"city":"Rome"}""", Assert.Single(chat.Messages[1].ToolCalls).Arguments!.ToJsonString());
        Assert.Equal(("weather", "c1"), (chat.Messages[2].Name, chat.Messages[2].ToolCallId));
        Assert.False(chat.ContinueFinalMessage);
    }

    [Fact]
    public void Options_AreHonoured()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", """
            {"options": {"num_ctx": 4096, "num_predict": 9, "seed": 5, "temperature": 0, "top_k": 40, "top_p": 0.9,
              "min_p": 0.1, "typical_p": 0.7, "repeat_penalty": 1.1, "presence_penalty": 0.2, "frequency_penalty": 0.3,
              "mirostat": 2, "mirostat_tau": 4, "mirostat_eta": 0.2, "stop": ["a"], "num_thread": 4, "num_gpu": 1}}
            """);

        Assert.Equal(4096, draft.Chat.ContextMax);
        Assert.Equal(9, draft.Chat.MaxTokens);
        Assert.Equal(["a"], draft.Chat.Stop);
        Assert.Equal(
            new SamplingSettings
            {
                Seed = 5,
                Temperature = 0,
                TopK = 40,
                TopP = 0.9,
                MinP = 0.1,
                TypicalP = 0.7,
                RepetitionPenalty = 1.1,
                PresencePenalty = 0.2,
                FrequencyPenalty = 0.3,
                MirostatTau = 4,
                MirostatEta = 0.2,
            },
            draft.Chat.Sampling);
        Assert.Empty(draft.Ignored);
    }

    [Theory]
    [InlineData(-1, null)]
    [InlineData(-2, null)]
    [InlineData(5, 5)]
    public void NumPredict_BelowZero_IsNoLimit(int count, int? limit)
    {
        Assert.Equal(
            limit, Bodies.ReadWith("/api/generate", $$$"""{"options": {"num_predict": {{{count}}}}}""").Chat.MaxTokens);
    }

    [Fact]
    public void RepeatLastN_OfAWindow_IsNamedAsIgnored()
    {
        RequestDraft Read(int window) => Bodies.ReadWith(
            "/api/chat", $$$"""{"options": {"repeat_penalty": 1.1, "repeat_last_n": {{{window}}}}}""");

        Assert.Equal(["options.repeat_last_n"], Read(64).Ignored);
        Assert.Equal(1.1, Read(64).Chat.Sampling.RepetitionPenalty);
        Assert.Empty(Read(-1).Ignored);
        Assert.Equal(1.1, Read(-1).Chat.Sampling.RepetitionPenalty);
        Assert.Empty(Read(0).Ignored);
        Assert.Equal(1, Read(0).Chat.Sampling.RepetitionPenalty);
    }

    [Theory]
    [InlineData("{}", null, null)]
    [InlineData("""{"think": true}""", true, null)]
    [InlineData("""{"think": false}""", false, null)]
    [InlineData("""{"think": "low"}""", true, 1024)]
    [InlineData("""{"think": "max"}""", true, null)]
    public void Think_IsTheModelsUnlessSaid(string members, bool? thinks, int? budget)
    {
        ChatRequest chat = Bodies.ReadWith("/api/chat", members).Chat;

        Assert.Equal((thinks, budget), (chat.Think, chat.ThinkBudget));
    }

    [Fact]
    public void Format_IsJsonOrASchemaOrFree()
    {
        Assert.Null(Bodies.ReadWith("/api/chat", """{"format": ""}""").Chat.Constraint);
        Assert.IsType<JsonObjectConstraint>(Bodies.ReadWith("/api/chat", """{"format": "json"}""").Chat.Constraint);
        Assert.IsType<JsonSchemaConstraint>(
            Bodies.ReadWith("/api/chat", """{"format": {"type": "object"}}""").Chat.Constraint);
    }

    [Theory] // serving.md §4 row 1.
    [InlineData("{}", ContextOverflow.Error)]
    [InlineData("""{"truncate": false}""", ContextOverflow.Error)]
    [InlineData("""{"truncate": true}""", ContextOverflow.DropOldest)]
    [InlineData("""{"context_overflow": "middle_out"}""", ContextOverflow.MiddleOut)]
    public void LongConversation_IsCutOnlyWhereThatWasAskedFor(string members, ContextOverflow overflow)
    {
        Assert.Equal(overflow, Bodies.ReadWith("/api/chat", members).Chat.ContextOverflow);
    }

    [Theory] // serving.md §4 row 2: the same server honours it on each of its APIs.
    [InlineData("/api/chat")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    public void NumCtx_InOptions_IsHonoured(string path)
    {
        Assert.Equal(2048, Bodies.ReadWith(path, """{"options": {"num_ctx": 2048}}""").Chat.ContextMax);
    }

    [Theory] // serving.md §4 row 3.
    [InlineData("\"required\"", ToolChoiceKind.Required)]
    [InlineData("\"none\"", ToolChoiceKind.None)]
    [InlineData("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}", ToolChoiceKind.Named)]
    public void ToolChoice_IsHonoured(string choice, ToolChoiceKind kind)
    {
        const string Tools = """{"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": """;
        string members = Tools + choice + "}";

        Assert.Equal(kind, Bodies.ReadWith("/api/chat", members).Chat.ToolChoice.Kind);
    }

    [Fact]
    public void Prompt_OfGenerate_IsWhatTheUserSays_UnlessItIsRaw()
    {
        ChatRequest plain = Bodies.ReadWith("/api/generate", """{"system": "S"}""").Chat;
        ChatRequest raw = Bodies.ReadWith("/api/generate", """{"raw": true}""").Chat;
        ChatRequest gap = Bodies.ReadWith("/api/generate", """{"suffix": "end"}""").Chat;

        Assert.Equal(["system: S", "user: Hi"], plain.Messages.Select(m => $"{m.Role}: {m.Content}"));
        Assert.Null(plain.Text);
        Assert.Equal(("Hi", false), (raw.Text, raw.SeparateThought));
        Assert.Equal(("Hi", "end"), (gap.Text, gap.Suffix));
        Assert.Throws<RequestException>(() => Bodies.ReadWith("/api/generate", """{"raw": true, "system": "S"}"""));
    }

    [Theory]
    [InlineData("/api/generate", """{"model": "m"}""", "load")]
    [InlineData("/api/generate", """{"model": "m", "prompt": "", "keep_alive": 0}""", "unload")]
    [InlineData("/api/chat", """{"model": "m", "messages": []}""", "load")]
    [InlineData("/api/chat", """{"model": "m", "keep_alive": "0s"}""", "unload")]
    public void Request_WithoutAPrompt_LoadsOrUnloads(string path, string body, string reason)
    {
        RequestDraft draft = Bodies.Read(path, body);

        Assert.True(draft.LoadOnly);
        Assert.False(draft.Stream);
        const string Message = "\"message\":{\"role\":\"assistant\",\"content\":\"\"}";
        string text = path == "/api/chat" ? Message : "\"response\":\"\"";
        Assert.Equal(
            "{\"model\":\"tiny\",\"created_at\":\"2026-03-04T05:06:07.123456700Z\"," + text
            + ",\"done\":true,\"done_reason\":\"" + reason + "\"}",
            DialectRun.Text(json => Bodies.Endpoint(path).Chat!.WriteLoaded!(draft, DialectRun.Header, json)));
    }

    [Fact]
    public void Images_AreRefusedWhereThereAreSome()
    {
        const string Some = """{"messages": [{"role": "user", "content": "a", "images": ["aGk="]}]}""";

        Assert.Equal(
            "messages[0].images", Assert.Throws<RequestException>(() => Bodies.ReadWith("/api/chat", Some)).Parameter);
        Assert.Throws<RequestException>(() => Bodies.ReadWith("/api/generate", """{"images": ["aGk="]}"""));
        Assert.Null(Bodies.ReadWith("/api/generate", """{"images": []}""").Chat.Text);
    }
}
