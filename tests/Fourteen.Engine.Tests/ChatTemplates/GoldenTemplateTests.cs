using System.Text.Json.Nodes;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.ChatTemplates;

/// <summary>
/// The golden renderings of Python's jinja2 3.1.6 (their README in <c>golden/template</c> tells how they were made):
/// every row of every template's folder, and every row of the conformance file.
/// </summary>
public sealed class GoldenTemplateTests
{
    private const int FailuresShown = 10;

    /// <summary>The clock of rows that name none.</summary>
    private static readonly DateTimeOffset Clock = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Render_OnEveryCaseOfEveryTemplate_MatchesTheReference()
    {
        string root = SharedFiles.Golden("template");
        var failures = new List<string>();
        int rows = 0;
        foreach (string folder in Directory.GetDirectories(root).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder);
            ChatTemplate template = ChatTemplate.Parse(name, File.ReadAllText(Path.Combine(folder, "template.jinja")));
            foreach ((int number, JsonObject row) in Rows(Path.Combine(folder, "cases.jsonl")))
            {
                rows++;
                string? failure = Compare(row, () => RenderCase(template, row));
                if (failure is not null)
                    failures.Add($"{name} row {number} ({row["name"]}): {failure}");
            }
        }

        Report(failures, rows);
    }

    [Theory]
    [InlineData("core")]
    [InlineData("extra")]
    public void RenderPlain_OnEveryConformanceRow_MatchesTheReference(string tier)
    {
        var failures = new List<string>();
        int rows = 0;
        foreach ((int number, JsonObject row) in Rows(SharedFiles.Golden("template/jinja.jsonl")))
        {
            if ((string?)row["tier"] != tier)
                continue;
            rows++;
            string source = (string)row["template"]!;
            string? failure = Compare(
                row, () => ChatTemplate.Parse("row", source).RenderPlain((JsonObject)row["vars"]!.DeepClone(), Clock));
            if (failure is not null)
                failures.Add($"row {number}: {source}: {failure}");
        }

        Report(failures, rows);
    }

    /// <summary>
    /// Rows of our own beside this file: the grammar, and filters, tests and methods with their odd cases, as rendered
    /// by jinja2 3.1.6 on Python 3.11 in the environment that the golden README describes.
    /// </summary>
    [Fact]
    public void RenderPlain_OnEveryRowOfOurOwn_MatchesTheReference()
    {
        string path = Path.Combine(
            SharedFiles.RepositoryRoot, "tests", "Fourteen.Engine.Tests", "ChatTemplates", "jinja-expressions.jsonl");
        var failures = new List<string>();
        int rows = 0;
        foreach ((int number, JsonObject row) in Rows(path))
        {
            rows++;
            string source = (string)row["template"]!;
            string? failure = Compare(
                row, () => ChatTemplate.Parse("row", source).RenderPlain((JsonObject)row["vars"]!.DeepClone(), Clock));
            if (failure is not null)
                failures.Add($"row {number}: {source}: {failure}");
        }

        Report(failures, rows);
    }

    [Fact]
    public void Parse_OnRowsWithSyntaxErrors_FailsBeforeRendering()
    {
        var failures = new List<string>();
        int rows = 0;
        foreach ((int number, JsonObject row) in Rows(SharedFiles.Golden("template/jinja.jsonl")))
        {
            string? kind = (string?)row["error_kind"];
            if (kind is not ("TemplateSyntaxError" or "TemplateAssertionError"))
                continue;
            rows++;
            TemplateException? error = Record.Exception(
                () => ChatTemplate.Parse("row", (string)row["template"]!)) as TemplateException;
            if (error?.Kind != kind)
                failures.Add($"row {number}: expected {kind}, got {error?.Message ?? "a template"}");
        }

        Report(failures, rows);
    }

    private static string RenderCase(ChatTemplate template, JsonObject row)
    {
        var variables = new JsonObject { ["messages"] = row["messages"]!.DeepClone() };
        if (row["tools"] is JsonNode tools)
            variables["tools"] = tools.DeepClone();
        DateTimeOffset now = Clock;
        bool continues = false;
        foreach (KeyValuePair<string, JsonNode?> pair in row["kwargs"] as JsonObject ?? [])
        {
            if (pair.Key == "now")
                now = new DateTimeOffset(DateTime.Parse((string)pair.Value!), TimeSpan.Zero);
            else if (pair.Key == "continue_final_message")
                continues = (bool)pair.Value!;
            else
                variables[pair.Key] = pair.Value?.DeepClone();
        }

        return template.Render(variables, now, continues);
    }

    /// <summary>Null where the row's expectation holds, else what was found instead.</summary>
    private static string? Compare(JsonObject row, Func<string> render)
    {
        string? expected = (string?)row["expected"];
        string? kind = (string?)row["error_kind"];
        try
        {
            string text = render();
            return expected is null ? $"expected {kind}, got {text}" : Difference(expected, text);
        }
        catch (TemplateException error)
        {
            if (expected is not null)
                return $"expected {expected}, got {error.Message}";
            if (kind == "raise_exception" && (error.Kind != kind || error.Text != (string?)row["error"]))
                return $"expected raise_exception {row["error"]}, got {error.Message}";
            return error.Kind == "LimitExceeded" ? error.Message : null;
        }
    }

    private static string? Difference(string expected, string text)
    {
        if (expected == text)
            return null;
        int at = expected.AsSpan().CommonPrefixLength(text);
        return $"differs at {at}: expected …{Excerpt(expected, at)}, got …{Excerpt(text, at)}";
    }

    private static string Excerpt(string text, int at) =>
        JsonValue.Create(text.Substring(Math.Max(0, at - 20), Math.Min(text.Length, at + 60) - Math.Max(0, at - 20)))
            .ToJsonString();

    private static IEnumerable<(int Number, JsonObject Row)> Rows(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0)
                yield return (number, (JsonObject)JsonNode.Parse(line)!);
        }
    }

    private static void Report(List<string> failures, int rows)
    {
        Assert.True(rows > 0, "there are no rows");
        Assert.True(
            failures.Count == 0,
            $"{failures.Count} of {rows} rows fail:\n" + string.Join('\n', failures.Take(FailuresShown)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows pass");
    }
}
