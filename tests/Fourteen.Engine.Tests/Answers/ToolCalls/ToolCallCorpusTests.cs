using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>
/// A corpus of answers with calls, each with what it gives. The same answer gives the same, however it is cut into
/// tokens, and a beginning of it gives a beginning of that.
/// </summary>
public sealed class ToolCallCorpusTests
{
    private const string Doc =
        """{"path": "doc.md", "text": "Close with </tool_call> and } or \"}\n<tool_call>{\"name\": \"x\"}"}""";

    private static readonly Example[] Corpus =
    [
        // Hermes and Qwen3.
        new("hermes", "Just text with < and <tool and {\"name\": \"f\"}.\n",
            "text Just text with < and <tool and {\"name\": \"f\"}.\n", "Stop"),
        new("hermes", Tagged("""{"name": "f", "arguments": {"a": 1}}"""),
            "call 0 f", """with 0 {"a": 1}""", "end 0", "ToolCalls"),
        new("hermes", Tagged($$"""{"name": "write_file", "arguments": {{Doc}}}"""),
            "call 0 write_file", "with 0 " + Doc, "end 0", "ToolCalls"),
        new("hermes",
            "I will write both.\n" + Tagged($$"""{"name": "write_file", "arguments": {{Doc}}}""") + "\n"
            + Tagged($$"""{"name": "write_file", "arguments": {{Doc}}}"""),
            "text I will write both.", "call 0 write_file", "with 0 " + Doc, "end 0",
            "call 1 write_file", "with 1 " + Doc, "end 1", "ToolCalls"),
        new("hermes", Tagged("""{"arguments": {"a": [1, {"b": "}"}]}, "name": "unknown_tool"}"""),
            "call 0 unknown_tool", """with 0 {"a": [1, {"b": "}"}]}""", "end 0", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "parameters": {"é": "😀"}}"""),
            "call 0 f", """with 0 {"é": "😀"}""", "end 0", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f"}""") + "\n" + Tagged("""{"name": "g", "arguments": null}"""),
            "call 0 f", "with 0 {}", "end 0", "call 1 g", "with 1 {}", "end 1", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "arguments": "{\"a\": \"\\\"}\\n\", \"b\": \"\ud83d\ude00\"}"}"""),
            "call 0 f", """with 0 {"a": "\"}\n", "b": "😀"}""", "end 0", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "arguments": "", "id": 7, "type": {"x": ["name"]}}"""),
            "call 0 f", "with 0 {}", "end 0", "ToolCalls"),
        new("hermes", "<tool_call>{\"name\":\"f\",\"arguments\":{}}<tool_call>{\"name\":\"g\",\"arguments\":{}}",
            "call 0 f", "with 0 {}", "end 0", "call 1 g", "with 1 {}", "end 1", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "arguments": {}}""") + "\n\nDone. \n",
            "call 0 f", "with 0 {}", "end 0", "text Done. \n", "ToolCalls"),
        new("hermes", "One.\n" + Tagged("""{"name": "f", "arguments": {}}""") + "\nTwo.",
            "text One.", "call 0 f", "with 0 {}", "end 0", "text \nTwo.", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "arguments": {}}""") + "\n</tool_x> <<tool_call>",
            "call 0 f", "with 0 {}", "end 0", "text </tool_x> <<tool_call>", "ToolCalls"),

        // Hermes, broken.
        new("hermes", "Write\n<tool_call> to call.", "text Write\n<tool_call> to call.", "Stop"),
        new("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}\n</tool_call>",
            "call 0 f", "with 0 {\"a\": 1}", "broken 0",
            "text <tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}\n</tool_call>", "Stop"),
        new("hermes", "Hi\n" + Tagged("""{"name": "f", "arguments": [1]}"""),
            "text Hi\n" + Tagged("""{"name": "f", "arguments": [1]}"""), "Stop"),
        new("hermes", Tagged("""{"arguments": {"a": 1}}""") + "\n" + Tagged("""{"name": "f", "arguments": {}}"""),
            "text " + Tagged("""{"arguments": {"a": 1}}"""), "call 0 f", "with 0 {}", "end 0", "ToolCalls"),
        new("hermes", Tagged("""{"name": "f", "arguments": {"a": tru}}"""),
            "call 0 f", "with 0 {\"a\": tru", "broken 0",
            "text " + Tagged("""{"name": "f", "arguments": {"a": tru}}"""), "Stop"),
        new("hermes", "<tool_call>\n{\"name\": \"f\", \"argum", "text <tool_call>\n{\"name\": \"f\", \"argum", "Stop"),
        new("hermes", Tagged("""{"name": "", "arguments": {}}"""),
            "text " + Tagged("""{"name": "", "arguments": {}}"""), "Stop"),
        new("hermes", Tagged("""{"name": "f", "name": "g", "arguments": {}}"""),
            "text " + Tagged("""{"name": "f", "name": "g", "arguments": {}}"""), "Stop"),
        new("hermes", Tagged("""{"name": "f", "arguments": "not an object"}"""),
            "text " + Tagged("""{"name": "f", "arguments": "not an object"}"""), "Stop"),
        new("hermes", Tagged("""{"name": "f\ud83d", "arguments": {}}"""),
            "text " + Tagged("""{"name": "f\ud83d", "arguments": {}}"""), "Stop"),

        // Thoughts.
        new("hermes", "<think>\nLook it up.\n</think>\n\n" + Tagged("""{"name": "f", "arguments": {}}"""),
            "thought Look it up.", "call 0 f", "with 0 {}", "end 0", "ToolCalls"),
        new("hermes", "<think>\nLook it up.\n" + Tagged("""{"name": "f", "arguments": {"a": "</x>"}}"""),
            "thought Look it up.", "call 0 f", """with 0 {"a": "</x>"}""", "end 0", "ToolCalls"),
        new("hermes",
            "<think>\nLook it up.\n" + Tagged("""{"name": "f", "arguments": {}}""") + "\n</think>\n\nSee.",
            "thought Look it up.", "call 0 f", "with 0 {}", "end 0", "text See.", "ToolCalls"),
        new("hermes", "<think>\nUse <tool_call>? Or\n<tool_call>\n{\"name\": \"f\"\n</think>\n\nNo.",
            "thought Use <tool_call>? Or\n<tool_call>\n{\"name\": \"f\"", "text No.", "Stop"),

        // Llama 3.
        new("llama3", """{"name": "f", "parameters": {"a": 1}}""",
            "call 0 f", """with 0 {"a": 1}""", "end 0", "ToolCalls"),
        new("llama3", "\n<|python_tag|>{\"type\": \"function\", \"name\": \"other\", \"parameters\": {}}",
            "call 0 other", "with 0 {}", "end 0", "ToolCalls"),
        new("llama3", "{\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"arguments\": {\"b\": \";\"}}\n"
            + "{\"parameters\": {}, \"name\": \"f\"}",
            "call 0 f", "with 0 {}", "end 0", "call 1 g", """with 1 {"b": ";"}""", "end 1",
            "call 2 f", "with 2 {}", "end 2", "ToolCalls"),
        new("llama3", """ [{"name": "f", "parameters": {}}, {"name": "g", "parameters": {}}] """,
            "call 0 f", "with 0 {}", "end 0", "call 1 g", "with 1 {}", "end 1", "ToolCalls"),
        new("llama3", """ {"country": "Peru", "capital": "Lima"} """,
            """text  {"country": "Peru", "capital": "Lima"} """, "Stop"),
        new("llama3", """{"name": "Alice", "parameters": {}}""",
            """text {"name": "Alice", "parameters": {}}""", "Stop"),
        new("llama3", """{"name": "f", "age": 3}""", """text {"name": "f", "age": 3}""", "Stop"),
        new("llama3", """[{"name": "x"}, 1]""", """text [{"name": "x"}, 1]""", "Stop"),
        new("llama3", "[1, 2]", "text [1, 2]", "Stop"),
        new("llama3", "I call {\"name\": \"f\", \"parameters\": {}}",
            "text I call {\"name\": \"f\", \"parameters\": {}}", "Stop"),
        new("llama3", "<|python_tag|>print(1)", "text <|python_tag|>print(1)", "Stop"),
        new("llama3", "<|python_tag|>[1]", "text <|python_tag|>[1]", "Stop"),
        new("llama3", """{"name": "f", "parameters": {}} and {"x": 1}""",
            "call 0 f", "with 0 {}", "end 0", """text and {"x": 1}""", "ToolCalls"),
        new("llama3", "<think>\n{\"name\": \"f\", \"parameters\": {}}\n</think>\n\n{\"name\": \"f\"}",
            "thought {\"name\": \"f\", \"parameters\": {}}", "call 0 f", "with 0 {}", "end 0", "ToolCalls"),

        // Mistral.
        new("mistral", """[TOOL_CALLS] [{"name": "f", "arguments": {"a": 1}, "id": "abcdefghi"}]""",
            "call 0 f", """with 0 {"a": 1}""", "end 0", "ToolCalls"),
        new("mistral", """Let me. [TOOL_CALLS][{"name": "f", "arguments": {}}, {"arguments": "{}", "name": "g"}]""",
            "text Let me.", "call 0 f", "with 0 {}", "end 0", "call 1 g", "with 1 {}", "end 1", "ToolCalls"),
        new("mistral", """[TOOL_CALLS]f[ARGS]{"a": "[ARGS]"}[TOOL_CALLS]g[CALL_ID]abc123DEF[ARGS]{}""",
            "call 0 f", """with 0 {"a": "[ARGS]"}""", "end 0", "call 1 g", "with 1 {}", "end 1", "ToolCalls"),
        new("mistral", """[TOOL_CALLS]mcp.get-x{"a": 1}""",
            "call 0 mcp.get-x", """with 0 {"a": 1}""", "end 0", "ToolCalls"),
        new("mistral", """[TOOL_CALLS]{"name": "f", "arguments": {}}""", "call 0 f", "with 0 {}", "end 0", "ToolCalls"),
        new("mistral", "[TOOL_CALLS][]", "text [TOOL_CALLS][]", "Stop"),
        new("mistral", "[TOOL_CALLS] is a token, [TOOL_CALLS]f[ARG]{}",
            "text [TOOL_CALLS] is a token, [TOOL_CALLS]f[ARG]{}", "Stop"),
        new("mistral", """[TOOL_CALLS]f[ARGS]{"a": }""",
            "call 0 f", "with 0 {\"a\": ", "broken 0", """text [TOOL_CALLS]f[ARGS]{"a": }""", "Stop"),
        new("mistral", """[TOOL_CALLS][{"name": "f", "arguments": {}}, oops]""",
            "call 0 f", "with 0 {}", "end 0", "text , oops]", "ToolCalls"),
        new("mistral", "<think>\nHm [TOOL_CALLS]f[ARGS]{}",
            "thought Hm ", "call 0 f", "with 0 {}", "end 0", "ToolCalls"),
    ];

    public static TheoryData<int> Examples { get; } = [.. Enumerable.Range(0, Corpus.Length)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Append_OfAnAnswerInAnyCut_GivesTheSamePieces(int index)
    {
        Example example = Corpus[index];
        AnswerOptions options = CallPlay.Options(example.Find(), "f", "g", "write_file");
        string expected = string.Join('\n', example.Expected);
        foreach (string[] pieces in CallPlay.Cuts(example.Text))
        {
            string found = CallPlay.Play(options, pieces).All;
            Assert.True(expected == found, $"cut as [{string.Join('|', pieces)}]:\n{found}\ninstead of\n{expected}");
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Append_OfABeginning_GivesABeginningOfThePieces(int index)
    {
        Example example = Corpus[index];
        AnswerOptions options = CallPlay.Options(example.Find(), "f", "g", "write_file");
        string[] pieces = [.. CallPlay.Pieces(example.Text, 1)];
        string[] whole = CallPlay.Play(options, pieces).Lines;
        for (int length = 1; length < pieces.Length; length++)
        {
            CallRecord cut = CallPlay.Play(options with { TokensMax = length }, pieces);
            Assert.Equal(FinishReason.Length, cut.Finish);
            Assert.True(IsBeginning(cut.Lines, whole), $"after {length}: {cut.All}");
        }
    }

    /// <summary>With the tiny chat model's own tokens, in which the tags of calls are one each.</summary>
    [Fact]
    public void Append_OfTheModelsOwnTokens_GivesTheSamePieces()
    {
        Tokenizer tokenizer = TinyChat.Text.Tokenizer;
        foreach (Example example in Corpus.Where(example => example.Format == "hermes"))
        {
            AnswerOptions options = TinyChat.Options(ToolCallFormat.Hermes, "f", "g", "write_file");
            CallRecord record = TinyChat.Play(options, "", example.Text);
            Assert.Equal(string.Join('\n', example.Expected), record.All);
            Assert.Equal(example.Text, tokenizer.Decode(tokenizer.Encode(example.Text, AddedTokens.All), false));
        }
    }

    /// <summary>They bound the text of an answer, but neither thought nor call, and reach into neither.</summary>
    [Theory]
    [InlineData("One, two. Three.", "text One, \nStop", "two")]
    [InlineData("<think>two</think>One <tool_call>{\"name\": \"two\", \"arguments\": {\"two\": 2}}</tool_call>",
        "thought two\ntext One\ncall 0 two\nwith 0 {\"two\": 2}\nend 0\nToolCalls", "two")]
    [InlineData("One\n<tool_call>{\"name\": \"f\"}</tool_call>\ntwo", "text One\nStop", "\n")]
    [InlineData("tw<tool_call>{\"name\": \"f\"}</tool_call>o",
        "text tw\ncall 0 f\nwith 0 {}\nend 0\ntext o\nToolCalls", "two")]
    [InlineData("<tool_call>{\"name\": \"f\"}</tool_call> One two",
        "call 0 f\nwith 0 {}\nend 0\ntext One\nStop", " two")]
    [InlineData("<tool_call>{two}", "text <tool_call>{\nStop", "two")]
    public void Append_WithStopStrings_EndsTextAlone(string text, string expected, string stop)
    {
        AnswerOptions options = CallPlay.Options(ToolCallFormat.Hermes) with { StopStrings = [stop] };
        foreach (string[] pieces in CallPlay.Cuts(text))
            Assert.Equal(expected, CallPlay.Play(options, pieces).All);
    }

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": [1]}", "none and is shown as text")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {]}", "call 0 is no proper JSON")]
    public void Append_OfABrokenCall_Warns(string text, string expected)
    {
        AnswerOptions options = CallPlay.Options(ToolCallFormat.Hermes);
        CallRecord once = CallPlay.Play(options, [text]);
        Assert.Contains(expected, Assert.Single(once.Assembler.Warnings), StringComparison.Ordinal);
        CallRecord often = CallPlay.Play(options, Enumerable.Repeat(text, 100));
        Assert.InRange(often.Assembler.Warnings.Count, 2, 10);
    }

    [Fact]
    public void Append_OfAnAnswerInJson_WarnsOfNothing()
    {
        AnswerOptions options = CallPlay.Options(ToolCallFormat.Llama3, "f");
        Assert.Empty(CallPlay.Play(options, ["{\"name\": \"Alice\", \"parameters\": {}}"]).Assembler.Warnings);
    }

    private static string Tagged(string json) => $"<tool_call>\n{json}\n</tool_call>";

    /// <summary>Whether all lines are the first of the whole, the last one perhaps its beginning.</summary>
    private static bool IsBeginning(string[] lines, string[] whole)
    {
        if (lines.Length == 0)
            return true;
        int last = lines.Length - 1;
        return last < whole.Length && whole[last].StartsWith(lines[last], StringComparison.Ordinal)
            && lines[..last].SequenceEqual(whole[..last]);
    }

    private sealed record Example(string Format, string Text, params string[] Expected)
    {
        internal ToolCallFormat Find() => ToolCallFormat.All.Single(format => format.Name == Format);
    }
}
