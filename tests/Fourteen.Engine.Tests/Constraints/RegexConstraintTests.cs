using System.Text;
using System.Text.RegularExpressions;
using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Regular expressions, as the whole answer and as patterns of strings.</summary>
public sealed class RegexConstraintTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    [Fact]
    public void Regex_Random_AcceptsWhatDotNetDoes()
    {
        var random = new Random(3);
        int matches = 0;
        for (int round = 0; round < 400; round++)
        {
            string pattern = Pattern(random, 3);
            CompiledConstraint whole = Compilers.Bytes.CompileRegex(pattern);
            CompiledConstraint searched = Compilers.Schema($$"""{"type":"string","pattern":{{Quote(pattern)}}}""");
            var reference = new Regex($"^(?:{pattern})\\z", RegexOptions.None, _patience);
            var search = new Regex(pattern, RegexOptions.None, _patience);
            for (int i = 0; i < 12; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => "abc1-é"[random.Next(6)]));
                Assert.True(reference.IsMatch(text) == whole.Accepts(text), $"{pattern} on {text}");
                Assert.True(search.IsMatch(text) == searched.Accepts($"\"{text}\""), $"search {pattern} in {text}");
                matches += reference.IsMatch(text) ? 1 : 0;
            }
        }

        Assert.True(matches > 200, $"{matches} matches");
    }

    [Theory]
    [InlineData(@"\d{3}-\d{4}", "555-1234", "555-12345")]
    [InlineData(@"[^\s""]+", "añ😀", "a b")]
    [InlineData(@"\u0041\x42\u{43}\ud83d\ude00", "ABC😀", "ABC")]
    [InlineData(@"\p{Lu}\p{L}*", "Élan", "élan")]
    [InlineData(@"(?<year>\d+)(?:x|y)??", "12y", "12z")]
    [InlineData(@"a{2}b{1,}c{0,2}", "aabbcc", "aabccc")]
    [InlineData(@"[\]\\a-c-]+", "]\\b-", "d")]
    [InlineData(@"a{,3}", "a{,3}", "aaa")]
    [InlineData(@"^(ab|^cd)$", "cd", "abcd")]
    [InlineData(@"\w+\.\W", "a_1.é", "a.b")]
    [InlineData(@"(a{1,1000}){1,1000}", "aaaaaaaaaa", "")]
    [InlineData(@"x{0,1000000}", "xxx", "y")]
    public void Regex_OfEachKind_AcceptsAndRejects(string pattern, string accepted, string rejected)
    {
        CompiledConstraint constraint = Compilers.Bytes.CompileRegex(pattern);

        Assert.True(constraint.Accepts(accepted));
        Assert.False(constraint.Accepts(rejected));
    }

    [Theory]
    [InlineData("(?=a)b", "lookaround")]
    [InlineData("(?<!a)b", "lookaround")]
    [InlineData("(?i)b", "lookaround and flags")]
    [InlineData(@"\bword\b", "word boundaries")]
    [InlineData(@"(a)\1", "back references")]
    [InlineData("a**", "quantifier")]
    [InlineData("*a", "quantifier")]
    [InlineData("(a", "never closed")]
    [InlineData("a)", "never opened")]
    [InlineData("[b-a]", "in order")]
    [InlineData("a{3,2}", "least count")]
    [InlineData("a{1000001}", "more than 1000000 repetitions")]
    [InlineData(@"\p{Greek}", "general categories")]
    [InlineData(@"\q", "escape")]
    [InlineData("(^a)*", "cannot be repeated")]
    [InlineData("[]", "no text satisfies")]
    public void Regex_ThatCannotBeEnforced_IsRefusedWithTheReason(string pattern, string reason)
    {
        var refused = Assert.Throws<ConstraintException>(() => Compilers.Bytes.CompileRegex(pattern));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regex_NestedTooDeep_IsRefused()
    {
        string pattern = new string('(', 5000) + "a" + new string(')', 5000);

        Assert.Throws<ConstraintException>(() => Compilers.Bytes.CompileRegex(pattern));
    }

    // Each position has its own set of open readings: 2^20 states, of which a text visits few.
    [Fact]
    public void Regex_WithExponentiallyManyStates_CompilesAtOnce()
    {
        CompiledConstraint constraint = Compilers.Bytes.CompileRegex("[ab]*a[ab]{20}");

        Assert.True(constraint.Accepts("b" + "a" + new string('b', 20)));
        Assert.False(constraint.Accepts(new string('b', 22)));
    }

    [Fact]
    public void Answer_UnderARegex_IsAlwaysUtf8()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileRegex(".").CreateMatcher();

        Assert.True(matcher.TryAcceptBytes([0xe2, 0x82]));
        Assert.False(matcher.CanEnd);
        Assert.DoesNotContain('a', matcher.Allowed(Compilers.Bytes));
        Assert.False(Compilers.Bytes.CompileRegex(".").Accepts([0xed, 0xa0, 0x80]));
        Assert.False(Compilers.Bytes.CompileRegex("[^a]").Accepts([0xff]));
    }

    private static readonly string[] _counts = ["*", "+", "?", "{2}", "{1,2}", "{2,}"];

    private static int Kinds(int depth, bool isRepeated) => depth == 0 ? 3 : isRepeated ? 7 : 8;

    private static string Pattern(Random random, int depth, bool isRepeated = false) =>
        random.Next(Kinds(depth, isRepeated)) switch
        {
            0 => "a",
            1 => "[a-c]",
            2 => random.Next(3) == 0 ? "[^a1]" : "é",
            3 => $"(?:{Pattern(random, depth - 1, isRepeated)}|{Pattern(random, depth - 1, isRepeated)})",
            4 or 5 => Pattern(random, depth - 1, isRepeated) + Pattern(random, depth - 1, isRepeated),
            6 => $"(?:{Pattern(random, depth - 1, isRepeated: true)}){_counts[random.Next(_counts.Length)]}",
            _ => random.Next(2) == 0 ? $"(?:^{Pattern(random, depth - 1)}|b)" : $"(?:{Pattern(random, depth - 1)}$|c)",
        };

    private static string Quote(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";
}
