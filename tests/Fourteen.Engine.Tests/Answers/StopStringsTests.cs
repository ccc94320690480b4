using System.Text;
using Fourteen.Engine.Answers;
using Xunit;

namespace Fourteen.Engine.Tests.Answers;

public sealed class StopStringsTests
{
    [Theory]
    [InlineData("1, 2, 3, 4, 5, 6", "3, 4", "1, 2, ")]
    [InlineData("1, 2, 3, 4, 5, 6", ", 5, 6, 7|, 4", "1, 2, 3")]
    [InlineData("The capital of France is Paris.", "Pari", "The capital of France is ")]
    [InlineData("The capital of France is Paris.", "l of F", "The capita")]
    [InlineData("aaab", "aab", "a")]
    [InlineData("abababac", "ababac", "ab")]
    [InlineData("xabcx", "c|abc", "x")]
    [InlineData("abcd", "abcd|bc", "a")]
    [InlineData("at once", "at", "")]
    public void Append_AtAnyCut_EndsBeforeTheFirstMatch(string text, string stops, string expected)
    {
        for (int size = 1; size <= text.Length; size++)
        {
            var matcher = new StopStrings(stops.Split('|'));
            Assert.Equal((expected, true), Run(matcher, text.Chunk(size).Select(piece => new string(piece))));
            Assert.Contains(matcher.Match, stops.Split('|'));
        }
    }

    [Fact]
    public void Append_OfTextThatMayBeginAStop_HoldsBackJustThat()
    {
        var matcher = new StopStrings(["END", "DONE"]);
        Assert.Equal(new StopResult("the ", false), matcher.Append("the EN"));
        Assert.Equal(new StopResult("ENOU", false), matcher.Append("OUD"));
        Assert.Equal(new StopResult("", true), matcher.Append("ONE"));
        Assert.Equal("DONE", matcher.Match);
    }

    [Fact]
    public void Flush_WithoutAMatch_GivesWhatWasHeld()
    {
        var matcher = new StopStrings(["3, 4"]);
        Assert.Equal(new StopResult("1, 2, ", false), matcher.Append("1, 2, 3,"));
        Assert.Equal("3,", matcher.Flush());
        Assert.Equal("", matcher.Flush());
        Assert.Null(matcher.Match);
    }

    [Fact]
    public void Append_AfterAStop_ShowsNothing()
    {
        var matcher = new StopStrings(["x"]);
        Assert.Equal(new StopResult("a", true), matcher.Append("axb"));
        Assert.Equal(new StopResult("", true), matcher.Append("c"));
        Assert.Equal("", matcher.Flush());
    }

    [Fact]
    public void Append_OnRandomTextAndCuts_MatchesTheDefinition()
    {
        int matches = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            string alphabet = seed % 2 == 0 ? "ab" : "abc\n😀é";
            string text = RandomText(random, alphabet, random.Next(60));
            string[] stops = [.. Enumerable.Range(0, random.Next(4))
                .Select(_ => RandomText(random, alphabet, 1 + random.Next(6)))];
            (string, bool) expected = Define(text, stops);
            matches += expected.Item2 ? 1 : 0;
            for (int cut = 0; cut < 5; cut++)
            {
                (string, bool) actual = Run(new StopStrings(stops), RandomPieces(random, text));
                Assert.True(expected == actual, $"seed {seed}, cut {cut}: '{text}' at [{string.Join("|", stops)}]: "
                    + $"expected {expected}, found {actual}");
            }
        }

        Assert.InRange(matches, 300, 1400);
    }

    [Fact]
    public void Append_OnManyLongNearMatches_TakesLinearTime()
    {
        string near = new('a', StopStrings.LengthMax - 1);
        string[] stops = [.. Enumerable.Range(0, StopStrings.CountMax).Select(i => near + (char)('b' + i))];
        var matcher = new StopStrings(stops);
        string text = new('a', 100_000); // 6.4 million steps; a search from each place would take 6.5 billion.
        Assert.Equal(text.Length - near.Length, matcher.Append(text).Text.Length);
        Assert.Equal(near, matcher.Flush());
    }

    [Fact]
    public void FindProblem_OfBrokenLimits_NamesThem()
    {
        Assert.Null(StopStrings.FindProblem([]));
        Assert.Null(StopStrings.FindProblem([new string('x', 1024), "😀"]));
        Assert.Contains("found 65", StopStrings.FindProblem([.. Enumerable.Repeat("x", 65)]), StringComparison.Ordinal);
        Assert.Contains("string 1 must have 1 to 1024", StopStrings.FindProblem(["x", ""]), StringComparison.Ordinal);
        Assert.Contains("found 1025", StopStrings.FindProblem([new string('x', 1025)]), StringComparison.Ordinal);
        Assert.Contains("surrogate", StopStrings.FindProblem(["\udc00"]), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new StopStrings([""]));
    }

    /// <summary>
    /// The definition: the smallest end of any occurrence; of those that end there, the longest string.
    /// </summary>
    internal static (string Text, bool Stopped) Define(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? longest = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))
                .MaxBy(stop => stop.Length);
            if (longest is not null)
                return (text[..(end - longest.Length)], true);
        }

        return (text, false);
    }

    private static (string Text, bool Stopped) Run(StopStrings matcher, IEnumerable<string> pieces)
    {
        var shown = new StringBuilder();
        foreach (string piece in pieces)
        {
            StopResult result = matcher.Append(piece);
            shown.Append(result.Text);
            if (result.Stopped)
                return (shown.ToString(), true);
        }

        return (shown + matcher.Flush(), false);
    }

    private static string RandomText(Random random, string alphabet, int length)
    {
        Rune[] runes = [.. alphabet.EnumerateRunes()];
        return string.Concat(Enumerable.Range(0, length).Select(_ => runes[random.Next(runes.Length)].ToString()));
    }

    private static IEnumerable<string> RandomPieces(Random random, string text)
    {
        for (int start = 0; start < text.Length;)
        {
            int length = Math.Min(random.Next(8), text.Length - start);
            yield return text.Substring(start, length);
            start += length;
        }
    }
}
