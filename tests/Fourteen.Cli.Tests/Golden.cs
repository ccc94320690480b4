using System.Text;
using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests;

/// <summary>Compares the lines that a batch printed with the golden rows of its file.</summary>
internal static class Golden
{
    private const int ShownMax = 5;

    /// <summary>The rows of a golden file.</summary>
    public static JsonElement[] Rows(string file) =>
        [.. File.ReadLines(file).Where(line => line.Length > 0).Select(Parse)];

    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>
    /// Fails with the first few rows that differ; else counts them under <paramref name="name"/>.
    /// </summary>
    /// <param name="name">Name in <c>tests/golden-rows.txt</c>, or null where the rows are counted elsewhere.</param>
    /// <param name="run">The batch that answered the rows.</param>
    /// <param name="rows">The golden rows, one for each line of output.</param>
    /// <param name="findDifference">Row and answer to what is wrong, or null.</param>
    public static void AssertAnswers(
        string? name, CommandLineRun run, JsonElement[] rows, Func<JsonElement, JsonElement, string?> findDifference)
    {
        Assert.NotEmpty(rows);
        Assert.True(rows.Length == run.Lines.Length, $"{rows.Length} rows, {run.Lines.Length} answers: {run.Error}");
        var failures = new StringBuilder();
        int failed = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            if (findDifference(rows[i], Parse(run.Lines[i])) is not { } difference)
                continue;
            if (failed++ < ShownMax)
                failures.Append($"row {i + 1}: {difference}\n");
        }

        Assert.True(failed == 0, $"{failed} of {rows.Length} rows differ, the first:\n{failures}");
        Assert.Equal(Program.Success, run.Code);
        if (name is not null)
            GoldenCount.Record(name, rows.Length);
    }

    /// <summary>The field of a row must be equal to the field of the answer, text or ids.</summary>
    public static string? FindDifference(JsonElement row, JsonElement answer, string field, string answerField)
    {
        string expected = row.GetProperty(field).ToString();
        string found = answer.TryGetProperty(answerField, out JsonElement value) ? value.ToString() : answer.ToString();
        if (row.GetProperty(field).ValueKind == JsonValueKind.Array)
            expected = expected.Replace(" ", "", StringComparison.Ordinal);
        return expected == found
            ? null
            : $"expected {Shown(expected)}\n       found {Shown(found)}\n  for {Shown(row)}";
    }

    private static string Shown(object value)
    {
        const int TextMax = 300;
        string text = JsonSerializer.Serialize(value.ToString());
        return text.Length <= TextMax ? text : $"{text[..TextMax]}…";
    }
}
