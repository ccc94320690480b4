using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>
/// The rows of golden/cases that give a command line of these verbs with rows to answer: faults that users met in other
/// programs.
/// </summary>
public sealed class CaseTests
{
    private const string Program = "fourteen ";
    private const string ApplyTemplate = "POST /apply-template";

    public static TheoryData<string> Ids
    {
        get
        {
            string[] found = [.. Cases().Where(HasBatch).Select(row => row.GetProperty("id").GetString()!)];
            return found.Length > 0 ? [.. found] : ["golden/cases"]; // a theory without rows would fail, not skip
        }
    }

    /// <summary>Rows that give a server a request to render, which is the file of messages of the verb.</summary>
    public static TheoryData<string> RequestIds
    {
        get
        {
            string[] found = [.. Cases().Where(IsRendering).Select(row => row.GetProperty("id").GetString()!)];
            return found.Length > 0 ? [.. found] : ["golden/cases"];
        }
    }

    [Theory, MemberData(nameof(RequestIds))]
    public async Task Case_OfARequestToRender_GivesThePrompt(string id)
    {
        SharedFiles.Golden("cases/cases.jsonl");
        JsonElement row = Cases().Single(row => row.GetProperty("id").GetString() == id);

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            row.GetProperty("input").GetProperty("json").GetRawText(),
            "template", SharedFiles.Model("qwen3-tiny-chat"));

        Assert.Equal(row.GetProperty("expected").GetProperty("prompt").GetString(), run.Output);
        GoldenCount.Record("cli/cases", 1);
    }

    [Theory, MemberData(nameof(Ids))]
    public async Task Case_ThroughTheCommandLine_GivesWhatIsExpected(string id)
    {
        SharedFiles.Golden("cases/cases.jsonl");
        JsonElement row = Cases().Single(row => row.GetProperty("id").GetString() == id);
        JsonElement[] inputs = Items(row.GetProperty("input"));
        JsonElement[] rows = [.. inputs.SelectMany(RowsOf)];
        JsonElement[] expected = Items(row.GetProperty("expected"));
        Assert.Equal(rows.Length, expected.Length);

        int at = 0;
        foreach (JsonElement input in inputs)
        {
            JsonElement[] own = [.. RowsOf(input)];
            CommandLineRun run = await CommandLineRun.WithInputAsync(
                string.Join('\n', own.Select(item => item.GetRawText())), Arguments(input));
            JsonElement[] wanted = expected[at..(at + own.Length)];
            at += own.Length;
            Golden.AssertAnswers(null, run, wanted, (want, answer) =>
            {
                string field = want.TryGetProperty("ids", out _) ? "ids" : "text";
                return Golden.FindDifference(want, answer, field, field);
            });
        }

        GoldenCount.Record("cli/cases", rows.Length);
    }

    /// <summary><c>fourteen tokenize models/x --decode</c> → the arguments, with rows on standard input.</summary>
    private static string[] Arguments(JsonElement input)
    {
        string command = Command(input)![Program.Length..].Split(',')[0]; // a clause about the server may follow
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string model = words[1];
        if (model.StartsWith("models/", StringComparison.Ordinal))
        {
            string path = SharedFiles.Model(model["models/".Length..]);
            return [words[0], path, .. words[2..].Except(["--batch"]), "--batch"];
        }

        Assert.Equal("FILE.jinja", model); // rows with templates of their own
        return [words[0], "--batch"];
    }

    private static JsonElement[] Cases() =>
        SharedFiles.FindGolden("cases/cases.jsonl") is { } file ? Golden.Rows(file) : [];

    /// <summary>Whether each input names a command line of a verb that answers rows, and the rows.</summary>
    private static bool HasBatch(JsonElement row) =>
        row.GetProperty("area").GetString() is "tokenizer" or "template"
        && Items(row.GetProperty("input")).All(input => Command(input) is not null && RowsOf(input).Any());

    /// <summary>Whether it is a request to render a prompt, with the prompt.</summary>
    private static bool IsRendering(JsonElement row) =>
        row.GetProperty("area").GetString() == "template"
        && row.GetProperty("input") is { ValueKind: JsonValueKind.Object } input
        && input.TryGetProperty("http", out JsonElement http) && http.GetString() == ApplyTemplate
        && row.GetProperty("expected").TryGetProperty("prompt", out _);

    private static string? Command(JsonElement input) =>
        input.ValueKind == JsonValueKind.Object && input.TryGetProperty("cli", out JsonElement cli)
        && cli.GetString() is { } text && (text.Contains("--batch") || text.Contains("--decode"))
        && !text.Contains('…') ? text : null;

    private static IEnumerable<JsonElement> RowsOf(JsonElement input)
    {
        if (input.TryGetProperty("row", out JsonElement row))
            return [row];
        return input.TryGetProperty("rows", out JsonElement rows) ? rows.EnumerateArray() : [];
    }

    private static JsonElement[] Items(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
}
