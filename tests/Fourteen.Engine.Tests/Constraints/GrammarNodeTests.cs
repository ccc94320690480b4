using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Constraints that callers compose, such as tool calls.</summary>
public sealed class GrammarNodeTests
{
    private const string Schema = """
        {"type":"object","properties":{"path":{"type":"string"}},"required":["path"],"additionalProperties":false}
        """;

    private static readonly GrammarNode _calls = GrammarNode.Choice(Call("read_file"), Call("list_files"));

    [Theory]
    [InlineData(
        "Let me look.<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>",
        true)]
    [InlineData("No call at all < tool_call>", true)]
    [InlineData("", true)]
    [InlineData("<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>\nand "
        + "<tool_call>\n{\"name\": \"list_files\", \"arguments\": {\"path\": \"\"}}\n</tool_call> done", true)]
    [InlineData("<tool_call>\n{\"name\": \"rm\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>", false)]
    [InlineData("<tool_call>\n{\"name\": \"read_file\", \"arguments\": {}}\n</tool_call>", false)]
    [InlineData("I would write <tool_call> here", false)]
    [InlineData("<<<tool_call<tool_call", true)]
    public void LazyToolCalls_AreFreeUntilTheTriggerAndConstrainedThen(string text, bool isAccepted)
    {
        GrammarNode answer = GrammarNode.Sequence(
            GrammarNode.Repeat(GrammarNode.Sequence(GrammarNode.TextUntil("<tool_call>"), _calls), 0, null),
            GrammarNode.TextWithout("<tool_call>"));

        Assert.Equal(isAccepted, Compilers.Bytes.Compile(answer).Accepts(text));
    }

    [Fact]
    public void RequiredToolCall_IsCompleteAfterItsEnd()
    {
        GrammarNode answer = GrammarNode.Sequence(GrammarNode.Text("<tool_call>"), _calls);
        ConstraintMatcher matcher = Compilers.Bytes.Compile(answer).CreateMatcher();

        Assert.True(matcher.TryAcceptBytes(
            "<tool_call>\n{\"name\": \"list_files\", \"arguments\": {\"path\": \"a\"}}"u8));
        Assert.False(matcher.CanEnd);
        Assert.True(matcher.TryAcceptBytes("\n</tool_call>"u8));
        Assert.True(matcher.IsComplete);
    }

    // Mistral's calls begin with a control token that no text reaches.
    [Fact]
    public void ControlToken_BetweenFreeTextAndJson_IsTakenByItsId()
    {
        const int ToolCalls = 5;
        byte[][] tokens = [.. Compilers.ByteTokens];
        tokens[ToolCalls] = [];
        var compiler = new ConstraintCompiler(tokens);
        using JsonDocument schema = JsonDocument.Parse(Schema);
        ConstraintMatcher matcher = compiler.Compile(GrammarNode.Sequence(
            GrammarNode.FreeText(), GrammarNode.Token(ToolCalls),
            GrammarNode.Json(schema.RootElement))).CreateMatcher();

        Assert.True(matcher.TryAcceptBytes("Sure. "u8));
        Assert.Contains(ToolCalls, matcher.Allowed(compiler));
        matcher.Accept(ToolCalls);
        Assert.Equal(['{'], matcher.Allowed(compiler).Select(id => (char)id));
        Assert.True(matcher.TryAcceptBytes("{\"path\":\"x\"}"u8));
        Assert.True(matcher.IsComplete);
    }

    [Fact]
    public void Whitespace_Compact_AllowsNone()
    {
        using JsonDocument schema = JsonDocument.Parse(Schema);
        CompiledConstraint compact = Compilers.Bytes.CompileJsonSchema(
            schema.RootElement, new ConstraintOptions { Whitespace = JsonWhitespace.Compact });

        Assert.True(compact.Accepts("{\"path\":\"a b\"}"));
        Assert.False(compact.Accepts("{\"path\": \"a b\"}"));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("{\"a\": [1, {\"b\": null}, \"\\ud83d\\ude00\"], \"c\": -1.5e3}", true)]
    [InlineData("{\n  \"a\": [\n    1,\n    2\n  ]\n}", true)]
    [InlineData("[]", false)]
    [InlineData("{\"a\": 01}", false)]
    [InlineData("{\"a\": 1,}", false)]
    [InlineData("{\"a\": \"\t\"}", false)]
    [InlineData("{\"a\": \"\\ud83d\"}", false)]
    [InlineData("{\"a\":\n\n1}", false)]
    [InlineData(" {}", false)]
    public void JsonObject_OfAnyKind_IsJson(string text, bool isAccepted)
    {
        Assert.Equal(isAccepted, Compilers.Bytes.CompileJsonObject().Accepts(text));
    }

    [Fact]
    public void JsonObject_NestedForEver_EndsAtTheLimitAndCanStillBeClosed()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileJsonObject().CreateMatcher();
        Assert.True(matcher.TryAcceptBytes("{\"a\":"u8));
        int depth = 0;
        while (matcher.TryAcceptBytes("["u8))
            depth++;

        Assert.InRange(depth, 100, 600);
        for (int i = 0; i < depth; i++)
            Assert.True(matcher.TryAcceptBytes("]"u8));
        Assert.True(matcher.TryAcceptBytes("}"u8));
        Assert.True(matcher.IsComplete);
    }

    [Fact]
    public void Numbers_OfAModelThatWritesDigitsAlone_End()
    {
        ConstraintMatcher matcher = Compilers.Schema("""{"type":"number"}""").CreateMatcher();
        int count = 0;
        foreach (char next in "1.e1")
        {
            matcher.TryAcceptBytes([(byte)next]);
            while (matcher.TryAcceptBytes("7"u8))
                count++;
        }

        Assert.InRange(count, 20, 60);
        Assert.True(matcher.IsComplete);
    }

    [Fact]
    public async Task Constraint_UsedByManyThreadsAtOnce_GivesEachTheSameMasks()
    {
        CompiledConstraint constraint = Compilers.Tiny.CompileJsonObject();
        byte[][] tokens = [.. Compilers.TokensOf(Compilers.TinyTokenizer)];
        Task<string>[] answers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => new RandomModel(Compilers.Tiny, tokens).Answer(constraint, new Random(9), 40)))];

        string[] texts = await Task.WhenAll(answers);

        Assert.Single(texts.Distinct());
        Assert.NotNull(JsonDocument.Parse(texts[0]));
    }

    [Fact]
    public void Choices_ThatShareBeginnings_AreAllAccepted()
    {
        string[] choices = [.. Enumerable.Range(0, 500).Select(i => new string('a', i % 90) + i)];
        CompiledConstraint constraint = Compilers.Bytes.CompileChoice(choices);

        Assert.All(choices, choice => Assert.True(constraint.Accepts(choice)));
        Assert.False(constraint.Accepts("a"));
        Assert.Throws<ConstraintException>(() => Compilers.Bytes.CompileChoice([]));
    }

    private static GrammarNode Call(string name)
    {
        using JsonDocument schema = JsonDocument.Parse(Schema);
        return GrammarNode.Sequence(
            GrammarNode.Text($"\n{{\"name\": \"{name}\", \"arguments\": "),
            GrammarNode.Json(schema.RootElement.Clone()),
            GrammarNode.Text("}\n</tool_call>"));
    }
}
