using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class TokenizeCommandTests
{
    /// <summary>The model in the repository, so that every clone runs these tests.</summary>
    private const string Model = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    /// <summary>The model of each golden name, from the README beside the golden files.</summary>
    private static readonly Dictionary<string, string> Models = new()
    {
        ["falcon"] = "vocab/ggml-vocab-falcon.gguf",
        ["gemma4"] = "vocab/ggml-vocab-gemma-4.gguf.gz",
        ["gpt2"] = "vocab/ggml-vocab-gpt-2.gguf",
        ["llama-spm"] = "vocab/ggml-vocab-llama-spm.gguf",
        ["llama3"] = "vocab/ggml-vocab-llama-bpe.gguf",
        ["mistral-v3"] = "vocab/mistral-v3.model",
        ["qwen2"] = "vocab/ggml-vocab-qwen2.gguf.gz",
        ["qwen3"] = "qwen3-tokenizer/tokenizer.json",
        ["smollm2"] = "vocab/smollm2-vocab.gguf",
        ["tekken"] = "vocab/tekken.json.gz",
    };

    public static TheoryData<string> GoldenFiles =>
    [
        .. Models.Keys.Select(name => $"{name}.jsonl").Concat(
            SharedFiles.FindGolden("tokenizer") is { } folder
                ? Directory.EnumerateFiles(folder, "*.jsonl").Select(file => Path.GetFileName(file))
                : []).Distinct().Order(),
    ];

    [Theory, MemberData(nameof(GoldenFiles))]
    public async Task Batch_OfEachGoldenFile_GivesItsIdsOrTexts(string file)
    {
        string name = file.Split('.')[0];
        string golden = SharedFiles.Golden($"tokenizer/{file}");
        string model = SharedFiles.Model(Models[name]);
        bool decode = file.EndsWith(".decode.jsonl", StringComparison.Ordinal);
        string[] args = ["tokenize", model, "--batch", golden];

        CommandLineRun run = await CommandLineRun.OfAsync(decode ? [.. args, "--decode"] : args);

        string field = decode ? "text" : "ids";
        Golden.AssertAnswers(
            $"cli/tokenizer/{Path.GetFileNameWithoutExtension(file)}", run, Golden.Rows(golden),
            (row, answer) => Golden.FindDifference(row, answer, field, field));
    }

    [Fact]
    public async Task Text_WithAddedToken_IsPlainUnlessAskedFor()
    {
        string model = SharedFiles.Model(Model);

        CommandLineRun plain = await CommandLineRun.OfAsync("tokenize", model, "a<|im_end|>", "--json");
        CommandLineRun special = await CommandLineRun.OfAsync("tokenize", model, "a<|im_end|>", "--special", "--json");

        Assert.True(Golden.Parse(plain.Output).GetProperty("ids").GetArrayLength() > 2);
        Assert.Equal("{\"ids\":[81,2],\"pieces\":[\"a\",\"<|im_end|>\"]}\n", special.Output);
        Assert.Empty(special.Error);
    }

    [Fact]
    public async Task Text_WithoutJson_PrintsIdsWithQuotedPieces()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", SharedFiles.Model(Model), "Hello world\n");

        Assert.Equal("   19556  \"Hello\"\n     905  \" world\"\n     198  \"\\n\"\n", run.Output);
        Assert.Equal("3 tokens for 12 bytes\n", run.Error);
    }

    [Fact]
    public async Task Text_OnStandardInput_IsTheSameAsAnArgument()
    {
        string model = SharedFiles.Model(Model);
        const string Text = "Grüße, 世界 \U0001F600\r\n";

        CommandLineRun piped = await CommandLineRun.WithInputAsync(Text, "tokenize", model, "--json");
        CommandLineRun given = await CommandLineRun.OfAsync("tokenize", model, Text, "--json");

        Assert.Equal(given.Output, piped.Output);
        Assert.Equal(Program.Success, given.Code);
    }

    [Fact]
    public async Task Output_InAnyForm_IsUtf8WithoutByteOrderMark()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "tokenize", SharedFiles.Model(Model), "--decode", "187, 28101, 24927");

        Assert.Equal("\ufffd—— €\n", run.Output);
        Assert.Equal([0xef, 0xbf, 0xbd, 0xe2], run.OutputBytes[..4]);
    }

    [Theory]
    [InlineData("19556,905")]
    [InlineData("[19556, 905]")]
    [InlineData(" 19556 905\n")]
    public async Task Decode_OfIdsInAnySpelling_GivesTheirText(string ids)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "tokenize", SharedFiles.Model(Model), ids, "--decode", "--json");

        Assert.Equal("{\"text\":\"Hello world\"}\n", run.Output);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("49152")]
    [InlineData("99999999999")]
    [InlineData("1.5")]
    [InlineData("x")]
    public async Task Decode_OfWhatIsNoId_IsAUsageError(string id)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "tokenize", SharedFiles.Model(Model), "--decode", "--", $"5,{id}");

        Assert.Equal(Program.Usage, run.Code);
        Assert.Equal($"fourteen: an id must be an integer from 0 to 49151, found {id}\n", run.Error);
    }

    [Fact]
    public async Task Batch_WithBadRows_AnswersTheOthersAndFails()
    {
        string[] rows =
        [
            """{"text":"a"}""",
            """{"text":""",
            """{"text":5}""",
            """{}""",
            """[]""",
            """{"text":"a","special":"yes"}""",
            """{"text":"a\ud800"}""",
            """{"text":"a","text":"b"}""",
            "",
            $$"""{"text":"a","deep":{{new string('[', 5000)}}}""",
            """{"text":"b","special":null}""",
            """{"text":"b"}""",
        ];

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            string.Join('\n', rows), "tokenize", SharedFiles.Model(Model), "--batch");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Equal(rows.Length - 1, run.Lines.Length); // the empty line is none
        Assert.Equal("{\"ids\":[81]}", run.Lines[0]);
        Assert.Equal("{\"ids\":[82]}", run.Lines[^1]);
        string[] errors = [.. run.Lines[1..^1].Select(line => Golden.Parse(line).GetProperty("error").GetString()!)];
        int[] numbers = [.. run.Lines[1..^1].Select(line => Golden.Parse(line).GetProperty("row").GetInt32())];
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 10, 11], numbers);
        Assert.All(errors.Zip(numbers), pair => Assert.StartsWith($"row {pair.Second}: ", pair.First));
        Assert.Contains("not valid JSON", errors[0], StringComparison.Ordinal);
        Assert.Contains("\"text\" must be a string, found 5", errors[1], StringComparison.Ordinal);
        Assert.Contains("needs the field \"text\"", errors[2], StringComparison.Ordinal);
        Assert.Contains("must be a JSON object, found []", errors[3], StringComparison.Ordinal);
        Assert.Contains("\"special\" must be true or false, found \"yes\"", errors[4], StringComparison.Ordinal);
        Assert.Contains("half a surrogate pair", errors[5], StringComparison.Ordinal);
        Assert.StartsWith("fourteen: -: 9 of 11 rows could not be used; first row 2: ", run.Error);
    }

    [Fact]
    public async Task Batch_WithBytesThatAreNoUtf8_AnswersTheOthers()
    {
        byte[] input =
        [
            0xef, 0xbb, 0xbf, .. "{\"text\":\"a\"}\n"u8,
            .. "{\"text\":\""u8, 0xff, .. "\"}\r\n"u8,
            .. "{\"text\":\"b\"}\r\n"u8,
        ];

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            new OneByteStream(input), TestContext.Current.CancellationToken,
            "tokenize", SharedFiles.Model(Model), "--batch", "-");

        Assert.Equal(3, run.Lines.Length);
        Assert.Equal("{\"ids\":[81]}", run.Lines[0]);
        Assert.Contains("row 2: the row must be UTF-8", run.Lines[1], StringComparison.Ordinal);
        Assert.Equal("{\"ids\":[82]}", run.Lines[2]);
    }

    [Fact]
    public async Task Batch_WithALongRow_AnswersIt()
    {
        string text = string.Concat(Enumerable.Repeat("hello ", 50_000));

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            $"{{\"text\":\"{text}\"}}\n{{\"text\":\"a\"}}", "tokenize", SharedFiles.Model(Model), "--batch");

        Assert.Equal(50_001, Golden.Parse(run.Lines[0]).GetProperty("ids").GetArrayLength());
        Assert.Equal("{\"ids\":[81]}", run.Lines[1]);
    }

    [Fact]
    public async Task DecodeBatch_WithBadIds_NamesThem()
    {
        const string Rows = """
            {"ids":[19556],"skip_special":true}
            {"ids":[19556,49152]}
            {"ids":[1,-2]}
            {"ids":[1.5]}
            {"ids":"1"}
            """;

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            Rows, "tokenize", SharedFiles.Model(Model), "--decode");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Equal("{\"text\":\"Hello\"}", run.Lines[0]);
        Assert.Contains("\\\"ids\\\"[1] must be an integer from 0 to 49151, found 49152", run.Lines[1]);
        Assert.Contains("found -2", run.Lines[2], StringComparison.Ordinal);
        Assert.Contains("found 1.5", run.Lines[3], StringComparison.Ordinal);
        Assert.Contains("must be an array of integers", run.Lines[4], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--batch takes its texts", "text", "--batch", "-")]
    [InlineData("cannot go with --decode", "5", "--decode", "--special")]
    [InlineData("--spezial", "text", "--spezial")]
    public async Task Options_ThatDoNotFit_AreUsageErrors(string expected, params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["tokenize", SharedFiles.Model(Model), .. args]);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_AsAFolderWithoutTokenizer_SaysWhatWasLookedFor()
    {
        using var folder = new TemporaryFolder();

        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", folder.Path, "text");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("tokenizer.json, tekken.json, tokenizer.model nor a GGUF file", run.Error);
    }

    [Theory]
    [InlineData("tokenizer.json", "{\"model\":")]
    [InlineData("tokenizer.json", "[]")]
    [InlineData("tokenizer.json", "")]
    [InlineData("model.gguf", "")]
    [InlineData("model.gguf", "no model")]
    [InlineData("readme.txt", "no model")]
    public async Task Model_ThatIsBroken_IsAFailureInOneLine(string name, string content)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(name, content);

        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", path, "text");

        Assert.Equal(Program.Failure, run.Code);
        Assert.StartsWith($"fourteen: {path}: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    /// <summary>Hands out one byte a time, as a slow pipe may.</summary>
    private sealed class OneByteStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..1], cancellationToken);
    }
}
