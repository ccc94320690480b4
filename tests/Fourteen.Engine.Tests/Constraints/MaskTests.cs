using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Masks against what they mean: a token may follow where its bytes extend a beginning.</summary>
public sealed class MaskTests
{
    private const int Grammars = 250;
    private const int Steps = 8;

    [Fact]
    public void Mask_OfRandomGrammar_EqualsBruteForce()
    {
        var random = new Random(1);
        int checks = 0;
        int usable = 0;
        for (int round = 0; round < Grammars; round++)
        {
            byte[][] tokens = RandomTokens(random);
            var compiler = new ConstraintCompiler(tokens);
            BruteForce[] rules = [.. Enumerable.Range(0, 3).Select(_ => BruteForce.Random(random, 3, 3))];
            BruteForce root = BruteForce.Random(random, 4, 3);
            if (TryCompile(compiler, root, rules) is not { } constraint)
                continue; // A rule without an end.
            usable++;
            ConstraintMatcher matcher = constraint.CreateMatcher();
            List<byte> text = [];
            for (int step = 0; step < Steps; step++)
            {
                List<int> allowed = matcher.Allowed(compiler);
                List<int> expected = [.. Enumerable.Range(0, tokens.Length).Where(
                    id => tokens[id].Length > 0 && root.Matches([.. text, .. tokens[id]], rules, isPrefix: true))];
                Assert.True(expected.SequenceEqual(allowed), $"round {round}: {Encoding.UTF8.GetString([.. text])}");
                Assert.Equal(root.Matches([.. text], rules, isPrefix: false), matcher.CanEnd);
                checks++;
                if (allowed.Count == 0)
                    break;
                int token = allowed[random.Next(allowed.Count)];
                matcher.Accept(token);
                text.AddRange(tokens[token]);
            }
        }

        Assert.True(usable > Grammars / 2 && checks > Grammars, $"{usable} grammars, {checks} checks");
    }

    // The mask is made by walking a tree with caches, acceptance by stepping through bytes: two ways, one answer.
    [Theory]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string","maxLength":5},"n":{"type":"number"}}}""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^[a-f]+[0-9]?$","minLength":2}}""")]
    [InlineData(
        """{"type":"object","additionalProperties":{"anyOf":[{"type":"integer","minimum":7},{"enum":["a","b """
        + """c"]}]}}""")]
    [InlineData(
        """{"type":"object","patternProperties":{"^x":{"type":"string"}},"additionalProperties":{"type":"nul"""
        + """l"}}""")]
    public void Mask_AlongRandomAnswers_EqualsAcceptance(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        ConstraintCompiler compiler = Compilers.Tiny;
        int vocabulary = Compilers.TinyTokenizer.VocabularySize;
        CompiledConstraint constraint = compiler.CompileJsonSchema(document.RootElement);
        var random = new Random(5);
        for (int answer = 0; answer < 6; answer++)
        {
            ConstraintMatcher matcher = constraint.CreateMatcher();
            for (int step = 0; step < 25 && !matcher.IsComplete; step++)
            {
                List<int> allowed = matcher.Allowed(compiler);
                Assert.Equal(
                    [.. Enumerable.Range(0, vocabulary).Where(id => matcher.Clone().TryAccept(id))], allowed);
                matcher.Accept(allowed[random.Next(allowed.Count)]);
            }
        }
    }

    [Fact]
    public void Mask_OfQwen3Vocabulary_HoldsTokensThatCloseOrOpenSeveralThings()
    {
        ConstraintCompiler compiler = Compilers.Qwen3;
        using JsonDocument schema = JsonDocument.Parse(
            """{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}""");
        CompiledConstraint constraint = compiler.CompileJsonSchema(schema.RootElement);
        ConstraintMatcher matcher = constraint.CreateMatcher();
        Assert.True(matcher.TryAcceptBytes("[{\"a\":\"x"u8));

        HashSet<string> pieces = [.. matcher.Allowed(compiler).Select(Compilers.Qwen3Tokenizer.Piece)];

        Assert.Superset(new HashSet<string> { "\"},{\"", "\"},", "\"", "y", "\\n", "\\u" }, pieces);
        Assert.DoesNotContain("\"]", pieces);
        Assert.DoesNotContain("\n", pieces);
    }

    [Fact]
    public void ControlTokens_AreNeverReachedByTheirText_AndOthersAre()
    {
        ConstraintCompiler compiler = Compilers.Qwen3;
        int control = Compilers.Qwen3Tokenizer.FindAddedToken("<|im_end|>")!.Value;
        int added = Compilers.Qwen3Tokenizer.FindAddedToken("<tool_call>")!.Value;

        List<int> allowed = compiler.Compile(GrammarNode.FreeText()).CreateMatcher().Allowed(compiler);

        Assert.DoesNotContain(control, allowed);
        Assert.Contains(added, allowed);
        ConstraintMatcher byId = compiler.Compile(GrammarNode.Token(control)).CreateMatcher();
        Assert.Equal([control], byId.Allowed(compiler));
        byId.Accept(control);
        Assert.True(byId.IsComplete);
    }

    [Fact]
    public void Accept_OfATokenThatMayNotFollow_ThrowsAndChangesNothing()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileChoice(["ab"]).CreateMatcher();

        Assert.Throws<InvalidOperationException>(() => matcher.Accept('b'));
        matcher.Accept('a');
        ConstraintMatcher copy = matcher.Clone();
        copy.Accept('b');

        Assert.True(copy.IsComplete);
        Assert.False(matcher.CanEnd);
    }

    [Fact]
    public void FillMask_WiderThanTheVocabulary_ClearsTheRest()
    {
        ulong[] mask = new ulong[Compilers.Bytes.MaskWords + 3];
        Array.Fill(mask, ulong.MaxValue);

        Compilers.Bytes.CompileChoice(["a"]).CreateMatcher().FillMask(mask);

        Assert.Equal([0, 1UL << ('a' - 64), 0, 0, 0, 0, 0], mask);
        Assert.Throws<ArgumentException>(
            () => Compilers.Bytes.CompileChoice(["a"]).CreateMatcher().FillMask(new ulong[1]));
    }

    private static CompiledConstraint? TryCompile(ConstraintCompiler compiler, BruteForce root, BruteForce[] rules)
    {
        try
        {
            return compiler.Compile(
                root.ToNode(), rules.Index().ToDictionary(rule => $"r{rule.Index}", rule => rule.Item.ToNode()));
        }
        catch (ConstraintException)
        {
            return null;
        }
    }

    /// <summary>Words and parts of characters; some twice, some never reached.</summary>
    private static byte[][] RandomTokens(Random random)
    {
        var tokens = new List<byte[]> { Array.Empty<byte>() };
        for (int i = 0; i < 40; i++)
        {
            byte[] word = Encoding.UTF8.GetBytes(BruteForce.Word(random) + BruteForce.Word(random));
            int start = random.Next(word.Length);
            tokens.Add(word[start..random.Next(start + 1, word.Length + 1)]);
        }

        return [.. tokens, .. "abc\""u8.ToArray().Select(value => new[] { value }), [0xc3], [0xa9], [0xf0, 0x9f]];
    }
}
