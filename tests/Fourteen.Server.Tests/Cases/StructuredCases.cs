using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>Checks of the rows about structured output.</summary>
internal static partial class StructuredCases
{
    private const int SeedsOfRepeats = 20;

    /// <summary>The most white space between two tokens of JSON, by the row.</summary>
    private const int BlanksMax = 64;

    internal static Dictionary<string, Func<CaseRow, TestServer, Task>> Checks { get; } = new()
    {
        ["B042"] = ValidWhateverTheSeedAsync,
        ["B044"] = ValidWhateverTheSeedAsync,
        ["B046"] = BoundedWhiteSpaceAsync,
        ["B048"] = ValidWhateverTheSeedAsync,
        ["B050"] = WholeFromTheFirstCharacterAsync,
    };

    private static async Task ValidWhateverTheSeedAsync(CaseRow row, TestServer server)
    {
        JsonObject body = row.Body();
        JsonNode schema = body["response_format"]!["json_schema"]!["schema"]!;
        Schemas.AssertExamples(schema, row);
        await Task.WhenAll(SeedsAsync(TestServer.Tiny, 400), SeedsAsync(TestServer.Embedded, 150));

        // The larger model gets fewer tokens than the row's, which are enough for all but endless recursion.
        async Task SeedsAsync(string model, int tokensMax)
        {
            ChatResult[] results = await Task.WhenAll(Enumerable.Range(0, SeedsOfRepeats + 1).Select(seed =>
                server.ChatAsync(seed == 0
                    ? body.With(("model", model), ("max_tokens", tokensMax))
                    : body.With(
                        ("model", model), ("max_tokens", tokensMax), ("seed", seed), ("temperature", 1.5),
                        ("stream", seed % 2 == 0)))));
            ChatResult[] whole = [.. results.Where(result => result.FinishReason == "stop")];
            Assert.All(whole, result => Schemas.AssertValid(schema, result.Content));
            // B048's recursion may go on until the limit; nothing else may.
            int least = row.Id == "B048" ? 1 : results.Length;
            Assert.True(whole.Length >= least, $"{model}: {whole.Length} of {results.Length} came to their end");
            Assert.All(results.Except(whole), result => Assert.Equal("length", result.FinishReason));
        }
    }

    private static async Task BoundedWhiteSpaceAsync(CaseRow row, TestServer server)
    {
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult result = await server.ChatAsync(row.Body().With(("stream", streams)));
            string outside = Strings().Replace(result.Content, "\"\"");
            Assert.All(Blanks().Matches(outside), run => Assert.InRange(run.Length, 0, BlanksMax));
            Assert.Contains(outside, char.IsWhiteSpace); // Else the bias did nothing.
        }
    }

    private static async Task WholeFromTheFirstCharacterAsync(CaseRow row, TestServer server)
    {
        IReadOnlyList<ChatResult> results = await row.ChatAsync(server);
        Assert.Equal(results[0].Content, results[1].Content);
        Assert.Equal('{', results[0].Content[0]);
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse("""{"country": "Peru", "capital": "Lima"}"""), JsonNode.Parse(results[0].Content)),
            results[0].Content);
    }

    /// <summary>Strings, the last of which may be cut off.</summary>
    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*(?:"|$)
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline)]
    private static partial Regex Strings();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
