using System.Text;
using System.Text.Json;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>NFC as tokenizers see it: a tokenizer of single bytes decodes to the normalized text.</summary>
public sealed class NormalizationTests
{
    // Assigned in Unicode 10.0 to 17.0 (DerivedAge.txt), with a combining class or a decomposition. The original
    // tokenizers' tables are those of Unicode 9.0, and so are ours; a row with one of these has another result there.
    private const string AssignedLater =
        "7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ADD 1AE0-1AEB 1DF6-1DFA A82C 105C9 105E4 10D24-10D27 "
        + "10D69-10D6D 10EAB-10EAC 10EFA-10EFB 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11383 11385 1138E 11391 "
        + "113C5 113C7-113C8 113CE-113D0 1145E 11839-1183A 11938 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 "
        + "11D44-11D45 11D97 11F41-11F42 16121-16128 1612F 16D68-16D6A 16FF0-16FF1 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF "
        + "1E4EC-1E4EF 1E5EE-1E5EF 1E6E3 1E6E6 1E6EE-1E6EF 1E6F5";

    private static readonly Tokenizer _bytes = SmallTokenizerJson.Load(SmallTokenizerJson.Document());

    [Fact]
    public void Normalization_OnUnicodeConformanceRows_Agrees()
    {
        Assert.SkipWhen(SharedFiles.SharedRoot is null, "it needs the folder 'shared' beside the repository");
        string path = Path.Combine(SharedFiles.SharedRoot!, "data", "ucd", "normalization.jsonl");
        var later = new HashSet<int>(Later());
        var failures = new Failures("normalization.jsonl");
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            using JsonDocument row = JsonDocument.Parse(line);
            string source = row.RootElement.GetProperty("source").GetString()!;
            if (source.EnumerateRunes().Any(rune => later.Contains(rune.Value)))
                continue;
            string nfc = row.RootElement.GetProperty("nfc").GetString()!;
            string nfd = row.RootElement.GetProperty("nfd").GetString()!;
            failures.Check(number, Normalize(source) == nfc && Normalize(nfc) == nfc && Normalize(nfd) == nfc,
                () => $"{JsonSerializer.Serialize(source)} became {JsonSerializer.Serialize(Normalize(source))}");
        }

        failures.Assert(rowsMin: 3900);
    }

    // UAX #15 and the singleton and Hangul rules by hand.
    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u00e9\u0323", "\u1eb9\u0301")]
    [InlineData("a\u0316\u0300", "\u00e0\u0316")]
    [InlineData("a\u0300\u0301", "\u00e0\u0301")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("\ud558\u11ab", "\ud55c")]
    [InlineData("\uac01\u11a8", "\uac01\u11a8")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("x\u0301\u0301", "x\u0301\u0301")]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    public void Normalization_OfKnownPairs_FollowsTheRules(string text, string expected) =>
        Assert.Equal(expected, Normalize(text));

    [Fact]
    public void Normalization_OfLongRunsOfMarks_IsOrderedAndEnds()
    {
        string text = "a" + string.Concat(Enumerable.Repeat("\u0316\u0300\u0315", 100_000));

        string normalized = Normalize(text);

        Assert.Equal(text.Length - 1, normalized.Length);   // a and the first U+0300 compose
        Assert.StartsWith("\u00e0\u0316\u0316", normalized, StringComparison.Ordinal);
        Assert.EndsWith("\u0315\u0315", normalized, StringComparison.Ordinal);
    }

    private static string Normalize(string text) => _bytes.Decode(_bytes.Encode(text, AddedTokens.None), false);

    private static IEnumerable<int> Later()
    {
        foreach (string range in AssignedLater.Split(' '))
        {
            int[] ends = range.Split('-').Select(point => Convert.ToInt32(point, 16)).ToArray();
            for (int point = ends[0]; point <= ends[^1]; point++)
                yield return point;
        }
    }
}
