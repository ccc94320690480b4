using System.Text;
using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Grammars in llama.cpp's GBNF.</summary>
public sealed class GbnfTests
{
    // The arithmetic example of llama.cpp's grammars folder.
    private const string Arithmetic = """
        root  ::= (expr "=" ws term "\n")+
        expr  ::= term ([-+*/] term)*
        term  ::= ident | num | "(" ws expr ")" ws
        ident ::= [a-z] [a-z0-9_]* ws
        num   ::= [0-9]+ ws
        # only blanks and tabs
        ws    ::= [ \t\n]*
        """;

    [Theory]
    [InlineData(Arithmetic, "(a+1)*b = 3\n", "(a+1*b = 3\n")]
    [InlineData("root ::= item{2,3} | \"none\"\nitem ::= [^,\\n]+ \",\"", "a,b,c,", "a,")]
    [InlineData("root ::= \"\\x41\\u00e9\\U0001F600\\\"\" .", "Aé😀\"?", "Aé😀\"")]
    [InlineData("root ::= a b?\na ::=\n  \"x\" |\n  \"y\"\nb ::= \"(\" root \")\"", "x(y(x))", "x(y(x)")]
    [InlineData("root ::= (\"a\"\n | \"b\")*", "abba", "abc")]
    [InlineData("root ::= \"\" | \"a\" root", "aaaa", "ab")]
    [InlineData("root ::= \"a\"{,2} \"b\"{1,}", "aab", "aaab")]
    public void Grammar_OfEachKind_AcceptsAndRejects(string grammar, string accepted, string rejected)
    {
        CompiledConstraint constraint = Compilers.Bytes.CompileGbnf(grammar);

        Assert.True(constraint.Accepts(accepted));
        Assert.False(constraint.Accepts(rejected));
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "left recursion")]
    [InlineData("root ::= x\nx ::= y? root \"a\" | \"b\"\ny ::= \"c\"", "left recursion")]
    [InlineData("root ::= \"a\" root", "no text satisfies")]
    [InlineData("root ::= missing", "no rule has this name")]
    [InlineData("other ::= \"a\"", "needs a rule of this name")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "stands before")]
    [InlineData("root ::= (\"a\"", "never closed")]
    [InlineData("root ::= \"a", "never closed")]
    [InlineData("root ::= [a", "never closed")]
    [InlineData("root ::= \"a\"{2,1}", "0 ≤ least ≤ most")]
    [InlineData("root ::= \"\\q\"", "escape")]
    [InlineData("root := \"a\"", "::=")]
    [InlineData("root ::= !<[3]>", "negated token")]
    [InlineData("root ::= <[300]>", "ids 0 to 255")]
    public void Grammar_ThatIsBroken_IsRefusedWithTheReason(string grammar, string reason)
    {
        var refused = Assert.Throws<ConstraintException>(() => Compilers.Bytes.CompileGbnf(grammar));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grammar_WithATokenById_TakesTheToken()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileGbnf("root ::= \"a\" <[7]> \"b\"").CreateMatcher();

        matcher.Accept('a');
        Assert.Equal([7], matcher.Allowed(Compilers.Bytes));
        matcher.Accept(7);
        matcher.Accept('b');

        Assert.True(matcher.IsComplete);
    }

    [Fact]
    public void Grammar_OfRulesWithoutAnEndBesideOthers_NeverLeadsThere()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileGbnf(
            "root ::= \"a\" | \"b\" endless\nendless ::= \"c\" endless").CreateMatcher();

        Assert.Equal(['a'], matcher.Allowed(Compilers.Bytes).Select(id => (char)id));
    }

    [Fact]
    public void Grammar_OfAChainOfThousandsOfRules_Compiles()
    {
        var grammar = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 4000; i++)
            grammar.Append(null, $"r{i} ::= \"a\" r{i + 1} \"b\"\n");
        grammar.Append("r4000 ::= \"x\"\n");

        CompiledConstraint constraint = Compilers.Bytes.CompileGbnf(grammar.ToString());

        Assert.False(constraint.Accepts("ab"));
        // Open rules are limited: a deeper text is refused, not followed.
        Assert.False(constraint.CreateMatcher().TryAcceptBytes(Encoding.UTF8.GetBytes(new string('a', 300))));
    }
}
