using System.IO.Compression;
using System.Text.Json.Nodes;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Models;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>Which calls a template means, and that what templates write of calls is read back.</summary>
public sealed class ToolCallFormatTests
{
    private static readonly JsonArray Tools = JsonNode.Parse(
        """
        [{"type": "function", "function": {"name": "get_w", "description": "d é", "parameters":
        {"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]}}}]
        """)!.AsArray();

    [Theory]
    [InlineData("Qwen3", "hermes", true)]
    [InlineData("Qwen2.5-7B-Instruct", "hermes", true)]
    [InlineData("QwQ-32B", "hermes", true)]
    [InlineData("Hermes-3-Llama-3.1-8B", "hermes", true)]
    [InlineData("granite-4.0", "hermes", true)]
    [InlineData("Llama-3.1-8B-Instruct", "llama3", true)]
    [InlineData("Llama-3.2-3B-Instruct", "llama3", true)]
    [InlineData("Mistral-Nemo-Instruct-2407", "mistral", true)]
    [InlineData("Mistral-Small-3.2-24B", "mistral", true)]
    [InlineData("Ministral-3-14B-Reasoning", "mistral", true)]
    [InlineData("Qwen3-Coder", null, true)] // Between <tool_call> stands XML.
    [InlineData("Qwen3.5-4B", null, true)]
    [InlineData("GLM-4.6", null, true)]
    [InlineData("Kimi-K2-Instruct", null, true)]
    [InlineData("gpt-oss-120b", null, true)]
    [InlineData("functionary-medium-v3.1", null, true)]
    [InlineData("command-r7b-12-2024", null, true)]
    [InlineData("SmolLM2", null, false)]
    [InlineData("SmolLM3-3B", null, false)]
    [InlineData("Phi-3.5-mini-instruct", null, false)]
    [InlineData("DeepSeek-R1-Distill-Qwen-32B", null, false)]
    [InlineData("gemma-2-2b-it", null, false)]
    public void Detect_OfATemplate_FindsItsFormatOrAsksForTheSystemText(string name, string? format, bool knowsTools)
    {
        ToolCallSupport found = ToolCallFormat.Detect(Source(name), TinyChat.Text.Tokenizer);
        Assert.Equal((format ?? "hermes", knowsTools), (found.Format.Name, found.TemplateKnowsTools));
        Assert.Equal(format is null, found.NeedsSystemText);
    }

    [Fact]
    public void Detect_WithoutATemplate_AsksForTheSystemText()
    {
        ToolCallSupport found = ToolCallFormat.Detect(null, TinyChat.Text.Tokenizer);
        Assert.Equal(("hermes", false, true), (found.Format.Name, found.TemplateKnowsTools, found.NeedsSystemText));
        Assert.False(ToolCallFormat.Detect("<tool_call> {{ my_tools }} {{ toolset }}", TinyChat.Text.Tokenizer)
            .TemplateKnowsTools);
    }

    [Fact]
    public void Detect_WithMarkersAsControlTokens_NamesTheirText()
    {
        using FileStream packed = File.OpenRead(SharedFiles.Model("vocab/tekken.json.gz"));
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        var json = new MemoryStream();
        unpacked.CopyTo(json);
        Tokenizer tokenizer = Tokenizer.FromTekken("tekken.json", json.ToArray());
        ToolCallSupport found = ToolCallFormat.Detect(Source("Mistral-Nemo-Instruct-2407"), tokenizer);
        Assert.Contains("[TOOL_CALLS]", found.ControlMarkers.Values);
        Assert.All(found.ControlMarkers, pair => Assert.Equal(pair.Value, tokenizer.Piece(pair.Key)));

        AnswerOptions options = CallPlay.Options(found.Format) with
        {
            Thinking = ThinkingOptions.None,
            Tools = new ToolCallOptions { Format = found.Format, ControlMarkers = found.ControlMarkers, Names = [] },
        };
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: false);
        var text = new TokenText(detokenizer.Append, detokenizer.Flush, tokenizer.IsControl);
        int[] script = tokenizer.Encode("""[TOOL_CALLS][{"name": "f", "arguments": {}}]""", AddedTokens.All);
        Assert.True(tokenizer.IsControl(script[0]));
        CallRecord record = CallPlay.Play(options, text, [], script);
        Assert.Equal(["call 0 f", "with 0 {}", "end 0"], record.Lines);
    }

    /// <summary>Each template that has a format writes two calls, which the format reads from the text.</summary>
    [Theory]
    [InlineData("Qwen3")]
    [InlineData("Qwen2.5-7B-Instruct")]
    [InlineData("QwQ-32B")]
    [InlineData("Hermes-3-Llama-3.1-8B")]
    [InlineData("granite-4.0")]
    [InlineData("Llama-3.1-8B-Instruct")]
    [InlineData("Llama-3.2-3B-Instruct")]
    [InlineData("Mistral-Nemo-Instruct-2407")]
    [InlineData("Mistral-Small-3.2-24B")]
    [InlineData("Ministral-3-14B-Reasoning")]
    public void Render_OfCalls_IsReadBack(string name)
    {
        string source = Source(name);
        ToolCallFormat format = ToolCallFormat.Detect(source, TinyChat.Text.Tokenizer).Format;
        (string Name, string Arguments)[] calls =
        [
            ("get_w", """{"c": "Łódź </tool_call> [ARGS] }"}"""), ("get_w", """{"c": "\"\\\n"}"""),
        ];
        if (format == ToolCallFormat.Llama3)
            calls = calls[..1]; // The template refuses a second call.

        CallRecord record = CallPlay.Play(CallPlay.Options(format, "get_w"), [RenderCalls(source, calls)]);

        Assert.Equal(FinishReason.ToolCalls, record.Finish);
        Assert.Equal("", record.Content);
        for (int i = 0; i < calls.Length; i++)
        {
            Assert.Equal($"call {i} {calls[i].Name}", record.Lines[3 * i]);
            JsonNode? arguments = JsonNode.Parse(record.Lines[(3 * i) + 1][$"with {i} ".Length..]);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(calls[i].Arguments), arguments), record.All);
        }
    }

    [Fact]
    public void HermesSystemText_For_IsWhatTheTemplateOfQwen3Writes()
    {
        JsonNode system = new JsonObject { ["role"] = "system", ["content"] = "S" };
        JsonNode user = new JsonObject { ["role"] = "user", ["content"] = "q" };
        string rendered = Template("Qwen3").Render(
            new JsonObject { ["messages"] = new JsonArray(system, user), ["tools"] = Tools.DeepClone() },
            DateTimeOffset.UnixEpoch);
        string expected = $"<|im_start|>system\nS\n\n{HermesSystemText.For(Tools)}<|im_end|>\n";
        Assert.Equal(expected + "<|im_start|>user\nq<|im_end|>\n", rendered);
        Assert.Throws<ArgumentOutOfRangeException>(() => HermesSystemText.For([]));
    }

    [Fact]
    public void HermesSystemText_ForCallAndResult_IsWhatTheTemplateOfQwen3Writes()
    {
        JsonNode message = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = "Hm",
            ["tool_calls"] = Calls(
            [("f", """{"a": "é"}"""), ("g", "{}")])
        };
        JsonNode result = new JsonObject { ["role"] = "tool", ["content"] = "windy" };
        string rendered = Template("Qwen3").Render(
            new JsonObject { ["messages"] = new JsonArray(message, result) }, DateTimeOffset.UnixEpoch);
        string calls = HermesSystemText.ForCall("f", JsonNode.Parse("""{"a": "é"}""")) + "\n"
            + HermesSystemText.ForCall("g", null);
        Assert.Contains($"Hm\n{calls}<|im_end|>", rendered, StringComparison.Ordinal);
        Assert.Contains($"\n{HermesSystemText.ForResult("windy")}<|im_end|>", rendered, StringComparison.Ordinal);
        Assert.Equal(
            "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":1}}\n</tool_call>",
            HermesSystemText.ForCall("f", "{\"a\":1}"));
    }

    /// <summary>What the template writes of an assistant's message with calls alone.</summary>
    private static string RenderCalls(string source, (string, string)[] calls)
    {
        const string Question = "CALL SOMETHING";
        JsonNode user = new JsonObject { ["role"] = "user", ["content"] = Question };
        JsonNode assistant = new JsonObject { ["role"] = "assistant", ["content"] = "", ["tool_calls"] = Calls(calls) };
        var variables = new JsonObject
        {
            ["messages"] = new JsonArray(user, assistant),
            ["tools"] = Tools.DeepClone(),
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
        };
        string text = ChatTemplate.Parse("t", source).Render(variables, DateTimeOffset.UnixEpoch);
        text = text[(text.LastIndexOf(Question, StringComparison.Ordinal) + Question.Length)..];
        int begin = new[] { "<tool_call>", "[TOOL_CALLS]", "{\"name\"" }
            .Select(mark => text.IndexOf(mark, StringComparison.Ordinal)).First(at => at >= 0);
        int end = new[] { "<|im_end|>", "</s>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>" }
            .Select(tag => text.IndexOf(tag, begin, StringComparison.Ordinal)).Where(at => at >= 0).Min();
        return text[begin..end];
    }

    private static JsonArray Calls((string Name, string Arguments)[] calls) =>
        [.. calls.Select(call => (JsonNode)new JsonObject
        {
            ["id"] = "abcdefghi",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = JsonNode.Parse(call.Arguments) },
        })];

    private static ChatTemplate Template(string name) => ChatTemplate.Parse(name, Source(name));

    private static string Source(string name) =>
        File.ReadAllText(SharedFiles.Golden($"template/{name}/template.jinja"));
}
