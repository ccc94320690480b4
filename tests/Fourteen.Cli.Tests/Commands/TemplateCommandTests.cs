using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class TemplateCommandTests
{
    private const string Hi = """[{"role":"user","content":"Hi"}]""";
    private const string Plain =
        "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
        + "{% if add_generation_prompt %}[assistant]{% endif %}{{ extra }}";

    /// <summary>Every folder of golden/template, and the two that must be there.</summary>
    public static TheoryData<string> GoldenFolders =>
    [
        .. new[] { "Qwen3", "SmolLM2" }.Concat(
            SharedFiles.FindGolden("template") is { } folder
                ? Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path))
                : []).Distinct().Order(),
    ];

    [Theory, MemberData(nameof(GoldenFolders))]
    public async Task Batch_OfEachGoldenFolder_GivesItsTexts(string name)
    {
        string template = SharedFiles.Golden($"template/{name}/template.jinja");
        string golden = SharedFiles.Golden($"template/{name}/cases.jsonl");

        CommandLineRun run = await CommandLineRun.OfAsync("template", template, "--batch", golden);

        Golden.AssertAnswers($"cli/template/{name}", run, Golden.Rows(golden), FindDifference);
    }

    [Fact]
    public async Task Batch_OfTheJinjaRows_GivesTheirTexts()
    {
        string golden = SharedFiles.Golden("template/jinja.jsonl");

        CommandLineRun run = await CommandLineRun.OfAsync(
            "template", "--batch", golden, "--now", "2026-01-15T12:00:00");

        Golden.AssertAnswers("cli/template/jinja", run, Golden.Rows(golden), FindDifference);
    }

    [Fact]
    public async Task Batch_OfAModelFolder_EqualsItsTemplateFile()
    {
        string golden = SharedFiles.Golden("template/Qwen3/cases.jsonl");

        CommandLineRun run = await CommandLineRun.OfAsync(
            "template", SharedFiles.Model("qwen3-tokenizer"), "--batch", golden);

        Golden.AssertAnswers(null, run, Golden.Rows(golden), FindDifference);
    }

    [Fact]
    public async Task Messages_AsListOrObject_AreRendered()
    {
        using var folder = new TemporaryFolder();
        string template = folder.Write("t.jinja", Plain);
        string list = folder.Write("list.json", Hi);
        string all = folder.Write("all.json", $$"""{"messages":{{Hi}},"extra":"ß","bos_token":"<s>"}""");

        CommandLineRun fromList = await CommandLineRun.OfAsync("template", template, "--messages", list);
        CommandLineRun fromObject = await CommandLineRun.OfAsync("template", template, "--messages", all);
        CommandLineRun fromInput = await CommandLineRun.WithInputAsync(Hi, "template", template);
        CommandLineRun closed = await CommandLineRun.WithInputAsync(Hi, "template", template, "--no-generation-prompt");
        CommandLineRun json = await CommandLineRun.WithInputAsync(Hi, "template", template, "--json");

        Assert.Equal("[user]Hi[assistant]", fromList.Output);
        Assert.Equal("<s>[user]Hi[assistant]ß", fromObject.Output);
        Assert.Equal("[user]Hi[assistant]", fromInput.Output);
        Assert.Equal("[user]Hi", closed.Output);
        Assert.Equal("{\"text\":\"[user]Hi[assistant]\"}\n", json.Output);
        Assert.Empty(fromList.Error);
    }

    [Theory]
    [InlineData("""{"bos_token":"<b>","chat_template":"SOURCE"}""")]
    [InlineData("""{"bos_token":{"content":"<b>"},"chat_template":"SOURCE"}""")]
    [InlineData("""
        {"bos_token":"<b>","chat_template":[{"name":"tool_use","template":"no"},{"name":"default","template":"SOURCE"}]}
        """)]
    public async Task Model_AsTokenizerConfig_GivesTemplateAndTokens(string config)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(
            "tokenizer_config.json", config.Replace("SOURCE", Plain, StringComparison.Ordinal));

        foreach (string model in new[] { path, folder.Path })
        {
            CommandLineRun run = await CommandLineRun.WithInputAsync(Hi, "template", model);
            Assert.Equal("<b>[user]Hi[assistant]", run.Output);
        }
    }

    [Fact]
    public async Task Model_WithTemplateInAFileOfItsOwn_UsesThat()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", """{"eos_token":"<e>","chat_template":"old"}""");
        folder.Write("chat_template.jinja", "new{{ eos_token }}");

        CommandLineRun run = await CommandLineRun.WithInputAsync(Hi, "template", folder.Path);

        Assert.Equal("new<e>", run.Output);
    }

    [Fact]
    public async Task Model_AsGguf_GivesTemplateAndTokens()
    {
        string model = SharedFiles.Model("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");

        CommandLineRun run = await CommandLineRun.WithInputAsync(Hi, "template", model);

        Assert.Equal(
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            + "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
            run.Output);
    }

    [Fact]
    public async Task Model_WithoutTemplate_SaysWhereItLooked()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", "{}");

        CommandLineRun run = await CommandLineRun.WithInputAsync(Hi, "template", folder.Path);

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("chat_template.jinja", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if %}", "line 1")]
    [InlineData("{{ raise_exception('no tools\nhere') }}", "no tools")]
    [InlineData("{% for m in messages %}{{ m.a.b }}{% endfor %}", "t.jinja")]
    public async Task Template_ThatFails_IsAFailureInOneLine(string source, string expected)
    {
        using var folder = new TemporaryFolder();

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            Hi, "template", folder.Write("t.jinja", source));

        Assert.Equal(Program.Failure, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("{\"messages\":5}")]
    [InlineData("5")]
    [InlineData("[")]
    [InlineData("")]
    public async Task Messages_ThatAreNone_AreAFailure(string messages)
    {
        using var folder = new TemporaryFolder();

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            messages, "template", folder.Write("t.jinja", Plain));

        Assert.Equal(Program.Failure, run.Code);
        Assert.StartsWith("fourteen: -: the file ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_WithRefusedRow_PrintsTheTemplatesWordsAndSucceeds()
    {
        const string Rows = """
            {"template":"{{ raise_exception('only \"users\" speak') }}"}
            {"template":"a\n{% if %}","vars":{}}
            {"template":"{{ x }}","vars":{"x":[1,"a"]}}
            """;

        CommandLineRun run = await CommandLineRun.WithInputAsync(Rows, "template", "--batch");

        Assert.Equal(Program.Success, run.Code);
        JsonElement refused = Golden.Parse(run.Lines[0]);
        Assert.Equal("only \"users\" speak", refused.GetProperty("error").GetString());
        Assert.Equal("raise_exception", refused.GetProperty("error_kind").GetString());
        JsonElement broken = Golden.Parse(run.Lines[1]);
        Assert.Equal("TemplateSyntaxError", broken.GetProperty("error_kind").GetString());
        Assert.Equal("row 2", broken.GetProperty("template").GetString());
        Assert.Equal(2, broken.GetProperty("line").GetInt32());
        Assert.Equal("{\"text\":\"[1, 'a']\"}", run.Lines[2]);
    }

    [Fact]
    public async Task Batch_WithBadRows_AnswersTheOthersAndFails()
    {
        using var folder = new TemporaryFolder();
        string template = folder.Write("t.jinja", Plain + "{{ strftime_now('%Y') }}");
        string[] rows =
        [
            Row("\"kwargs\":{\"now\":\"2001-02-03T04:05:06\"}"),
            """{"messages":"Hi"}""",
            """{"tools":[]}""",
            Row("\"kwargs\":{\"now\":5}"),
            Row("\"kwargs\":{\"continue_final_message\":\"yes\"}"),
            Row("\"kwargs\":[]"),
            """{"template":5}""",
            Row("\"kwargs\":null,\"tools\":null"),
        ];

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            string.Join('\n', rows), "template", template, "--batch", "--now", "1999-01-01");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Equal("{\"text\":\"[user]Hi2001\"}", run.Lines[0]);
        Assert.All(run.Lines[1..^1], line => Assert.StartsWith("{\"error\":\"row ", line));
        Assert.Equal("{\"text\":\"[user]Hi1999\"}", run.Lines[^1]);
    }

    [Fact]
    public async Task Batch_WithoutModel_NeedsATemplateInEachRow()
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync($$"""{"messages":{{Hi}}}""", "template", "--batch");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("no MODEL was named", run.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name a model or a template")]
    [InlineData("--batch takes messages", "t.jinja", "--batch", "-", "--messages", "-")]
    [InlineData("--now must be a time", "t.jinja", "--now", "noon")]
    public async Task Options_ThatDoNotFit_AreUsageErrors(string expected, params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["template", .. args]);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    private static string Row(string fields) => $"{{\"messages\":{Hi},{fields}}}";

    /// <summary>The rules of golden/template: texts to the byte, messages of raise_exception, else only that it fails.
    /// </summary>
    private static string? FindDifference(JsonElement row, JsonElement answer)
    {
        if (row.TryGetProperty("expected", out _))
            return Golden.FindDifference(row, answer, "expected", "text");
        if (!answer.TryGetProperty("error", out _))
            return $"must fail with {row.GetProperty("error_kind")}, found {answer}";
        return row.GetProperty("error_kind").GetString() == "raise_exception"
            ? Golden.FindDifference(row, answer, "error", "error")
            : null;
    }
}
