using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fourteen.Cli.Benchmarks;

/// <summary>A rate that a peer reports.</summary>
/// <param name="Prompt">Tokens of the prompt, or 0.</param>
/// <param name="Generate">New tokens, or 0.</param>
/// <param name="Depth">Tokens in the cache before.</param>
public sealed record PeerRow(int Prompt, int Generate, int Depth, double TokensPerSecond);

/// <summary>
/// Reads what llama-bench and programs like it print: a JSON array (<c>-o json</c>) or the table that people see. The
/// text is another program's: what does not fit is left out, and nothing in it is trusted.
/// </summary>
public static partial class PeerOutput
{
    private const int RowsMax = 10_000;
    private const int DepthMax = 8;

    /// <summary>The rates in a text; none where it holds no result.</summary>
    public static IReadOnlyList<PeerRow> Parse(string text)
    {
        // The array begins a line; brackets inside one may be anything.
        int start = text.StartsWith('[') ? 0 : text.IndexOf("\n[", StringComparison.Ordinal) + 1;
        int end = text.LastIndexOf(']');
        bool hasArray = end > start && text[start] == '[';
        List<PeerRow> rows = hasArray ? ParseJson(text[start..(end + 1)]) : [];
        return rows.Count > 0 ? rows : ParseTable(text);
    }

    private static List<PeerRow> ParseJson(string json)
    {
        List<PeerRow> rows = [];
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = DepthMax, AllowTrailingCommas = true };
            using JsonDocument document = JsonDocument.Parse(json, options);
            foreach (JsonElement element in document.RootElement.EnumerateArray().Take(RowsMax))
            {
                if (element.ValueKind != JsonValueKind.Object || !TryRate(element, out double rate))
                    continue;
                rows.Add(new PeerRow(
                    Count(element, "n_prompt"), Count(element, "n_gen"), Count(element, "n_depth"), rate));
            }
        }
        catch (JsonException)
        {
            // Brackets of other text: the table is looked for.
        }

        return rows;
    }

    private static int Count(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out int count)
            ? count : 0;

    private static bool TryRate(JsonElement row, out double rate)
    {
        rate = 0;
        return row.TryGetProperty("avg_ts", out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out rate) && rate > 0 && double.IsFinite(rate);
    }

    private static List<PeerRow> ParseTable(string text)
    {
        List<PeerRow> rows = [];
        foreach (string line in text.Split('\n').Take(RowsMax))
        {
            string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
            Match? test = cells.Select(cell => TestCell().Match(cell)).FirstOrDefault(match => match.Success);
            Match? rate = cells.Select(cell => RateCell().Match(cell)).LastOrDefault(match => match.Success);
            if (test is null || rate is null)
                continue;
            double value = double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture);
            int tokens = Number(test.Groups["tokens"]), depth = Number(test.Groups["depth"]);
            bool isPrompt = test.Groups["kind"].Value == "pp";
            if (value > 0)
                rows.Add(new PeerRow(isPrompt ? tokens : 0, isPrompt ? 0 : tokens, depth, value));
        }

        return rows;
    }

    private static int Number(Group digits) =>
        digits.Success ? int.Parse(digits.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^(?<kind>pp|tg) ?(?<tokens>[0-9]{1,8})( ?@ ?d(?<depth>[0-9]{1,8}))?$")]
    private static partial Regex TestCell();

    [GeneratedRegex(@"^(?<rate>[0-9]{1,9}(\.[0-9]{1,9})?) ?(±|\+/-) ?[0-9.]{1,12}$")]
    private static partial Regex RateCell();
}
