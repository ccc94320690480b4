using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Kernels.Operators;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class LogitsCommandTests
{
    private const int Vocabulary = 512;
    private const string Ids = "443,338,458,142,380,13,7,99,256,41,5";
    private const int IdCount = 11;

    private const string PeruPrompt = "<|im_start|>user\nWhat is the capital of Peru?<|im_end|>\n"
        + "<|im_start|>assistant\n<think>\n\n</think>\n\nThe capital of Peru is";

    private static string Model => SharedFiles.Golden("models/qwen3/model.gguf");

    private static string Tiny => SharedFiles.Model("qwen3-tiny-chat/model.gguf");

    [Fact]
    public async Task Json_OfLogits_ParsesBackToTheSameFloats()
    {
        JsonElement json = await JsonAsync("--tokens", Ids, "--positions", "all", "--threads", "2");

        Assert.Equal($"[{Ids}]", json.GetProperty("tokens").GetRawText());
        Assert.Equal(Enumerable.Range(0, IdCount), Integers(json, "positions"));
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        LoadedModel model = await engine.LoadAsync(
            Model, new ModelOptions { KvType = KvType.F16 }, null, cancellation);
        int[] tokens = [.. Ids.Split(',').Select(int.Parse)];
        JsonElement rows = json.GetProperty("logits");
        int at = 0;
        await foreach (LogitsRow row in engine.LogitsAsync(
            model, tokens, [.. Enumerable.Range(0, IdCount)], 512, cancellation))
        {
            Assert.Equal(row.Logits, Floats(rows[at++]));
        }

        Assert.Equal(IdCount, at);
        Assert.Equal(IdCount, rows.GetArrayLength());
    }

    [Theory]
    [InlineData("--chunk", "1")]
    [InlineData("--chunk", "7")]
    [InlineData("--threads", "1")]
    [InlineData("--threads", "2")]
    public async Task Logits_HoweverComputed_AreTheSame(string option, string value)
    {
        foreach (string[] precise in (string[][])[[], ["--precise"]])
        {
            string[] args = ["logits", Model, "--tokens", Ids, "--positions", "all", "--json", .. precise];

            CommandLineRun usual = await CommandLineRun.OfAsync(args);
            CommandLineRun other = await CommandLineRun.OfAsync([.. args, option, value]);

            Assert.Equal(Program.Success, usual.Code);
            Assert.Equal(usual.Output, other.Output);
        }
    }

    [Fact]
    public async Task Positions_OfEachForm_GiveThoseRows()
    {
        JsonElement all = await JsonAsync("--tokens", Ids, "--positions", "all");
        foreach ((string[] Options, int[] Positions) form in ((string[], int[])[])[
            ([], [IdCount - 1]), (["--positions", "last"], [IdCount - 1]), (["--positions", "0,10"], [0, 10]),
            (["--positions", "7,2,7"], [7, 2, 7])])
        {
            JsonElement some = await JsonAsync(["--tokens", Ids, .. form.Options]);

            Assert.Equal(form.Positions, Integers(some, "positions"));
            Assert.Equal(
                form.Positions.Select(position => all.GetProperty("logits")[position].GetRawText()),
                some.GetProperty("logits").EnumerateArray().Select(row => row.GetRawText()));
        }
    }

    [Fact]
    public async Task Top_OfAPrompt_NamesTheTokensWithTheirProbabilities()
    {
        string[] args = ["logits", Tiny, "-p", PeruPrompt, "--top", "3"];

        CommandLineRun text = await CommandLineRun.OfAsync(args);
        JsonElement json = Golden.Parse((await CommandLineRun.OfAsync([.. args, "--json"])).Output);

        JsonElement top = json.GetProperty("top")[0];
        Assert.Equal(3, top.GetArrayLength());
        Assert.Equal(" Lima", top[0].GetProperty("piece").GetString());
        double[] logprobs = [.. top.EnumerateArray().Select(item => item.GetProperty("logprob").GetDouble())];
        Assert.Equal(logprobs.OrderDescending(), logprobs);
        Assert.InRange(logprobs.Sum(Math.Exp), 0.5, 1.0);
        Assert.False(json.TryGetProperty("logits", out _));
        Assert.StartsWith("after position ", text.Lines[0], StringComparison.Ordinal);
        Assert.Contains("\" Lima\"", text.Lines[1], StringComparison.Ordinal);
        Assert.Equal(4, text.Lines.Length);
    }

    [Fact]
    public async Task Top_BeyondTheVocabulary_IsAllOfIt()
    {
        JsonElement json = await JsonAsync("--tokens", "1,2", "--top", "1000");

        Assert.Equal(Vocabulary, json.GetProperty("top")[0].GetArrayLength());
    }

    [Fact]
    public async Task Batch_OfRowsInFlightTogether_EqualsEachAlone()
    {
        const int Rows = 20;
        var random = new Random(11);
        int[][] texts =
        [
            .. Enumerable.Range(0, Rows).Select(_ => Enumerable.Range(0, random.Next(1, 60))
                .Select(_ => random.Next(Vocabulary)).ToArray()),
        ];
        string rows = string.Join('\n', texts.Select(ids => $"{{\"tokens\":[{string.Join(',', ids)}]}}"));

        CommandLineRun batch = await CommandLineRun.WithInputAsync(rows, "logits", Model, "--batch", "-");

        Assert.Equal(Program.Success, batch.Code);
        Assert.Equal(Rows, batch.Lines.Length);
        for (int i = 0; i < Rows; i++)
        {
            CommandLineRun alone = await CommandLineRun.OfAsync(
                "logits", Model, "--tokens", string.Join(',', texts[i]), "--json");
            Assert.Equal(Assert.Single(alone.Lines), batch.Lines[i]);
        }
    }

    [Fact]
    public async Task Batch_WithRowsOfEveryForm_AnswersThem()
    {
        string[] rows =
        [
            "{\"tokens\":[1,2,3],\"positions\":\"all\"}", "{\"tokens\":[1,2,3],\"positions\":[0,2]}",
            "{\"tokens\":[1,2,3],\"positions\":\"0,2\"}", "{\"tokens\":[1,2,3],\"positions\":\"last\"}",
            "{\"tokens\":[1,2,3],\"positions\":[],\"top\":2}", "{\"tokens\":[1,2,3],\"top\":2}",
            "{\"prompt\":\"ab\",\"positions\":\"all\"}", "{\"text\":\"ab\",\"positions\":\"all\"}",
        ];

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            string.Join('\n', rows), "logits", Model, "--batch", "-");

        JsonElement[] answers = [.. run.Lines.Select(Golden.Parse)];
        Assert.Equal(Program.Success, run.Code);
        Assert.Equal([3, 2, 2, 1], answers[..4].Select(answer => answer.GetProperty("logits").GetArrayLength()));
        Assert.Equal(run.Lines[1], run.Lines[2]);
        Assert.Equal(0, answers[4].GetProperty("top").GetArrayLength());
        Assert.Equal(2, answers[5].GetProperty("top")[0].GetArrayLength());
        Assert.Equal(run.Lines[6], run.Lines[7]);
    }

    [Fact]
    public async Task Batch_WithRowsThatCannotBeUsed_HasTheirErrorsInPlace()
    {
        (string Row, string? Named)[] rows =
        [
            ("{\"tokens\":[1]}", null), ("{\"tokens\":[]}", "one token or more"), ("{\"tokens\":[512]}", "511"),
            ("{\"tokens\":[-1]}", "-1"), ("{\"tokens\":[1.5]}", "1.5"),
            ("{\"tokens\":[1],\"positions\":[1]}", "0 … 0"),
            ("{\"tokens\":[1],\"positions\":\"x\"}", "found x"), ("{\"tokens\":[1],\"positions\":7}", "positions"),
            ("{\"tokens\":[1],\"top\":0}", "\"top\""), ("{\"tokens\":[1],\"prompt\":\"x\"}", "exactly one"),
            ("{}", "exactly one"), ("[1]", "object"), ("{\"tokens\":", "JSON"), ("{\"tokens\":[2]}", null),
        ];

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            string.Join('\n', rows.Select(row => row.Row)), "logits", Model, "--batch", "-");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Equal(rows.Length, run.Lines.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            JsonElement answer = Golden.Parse(run.Lines[i]);
            if (rows[i].Named is not { } named)
            {
                Assert.True(answer.TryGetProperty("logits", out _), rows[i].Row);
                continue;
            }

            Assert.Contains(named, answer.GetProperty("error").GetString()!, StringComparison.Ordinal);
            Assert.Equal(i + 1, answer.GetProperty("row").GetInt32());
        }

        Assert.Contains($"12 of {rows.Length} rows could not be used", run.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "one token or more", "--tokens", "")]
    [InlineData(1, "0 … 511, found 512", "--tokens", "3,512")]
    [InlineData(1, "0 … 1 for 2 tokens, found 2", "--tokens", "3,4", "--positions", "2")]
    [InlineData(2, "found x", "--tokens", "3,x")]
    [InlineData(2, "found -1", "--tokens", "-1")]
    [InlineData(2, "--top", "--tokens", "3", "--top", "0")]
    [InlineData(2, "--top", "--tokens", "3", "--top", "-1")]
    [InlineData(2, "--chunk", "--tokens", "3", "--chunk", "0")]
    [InlineData(2, "--positions", "--tokens", "3", "--positions", "first")]
    [InlineData(2, "exactly one of", "--tokens", "3", "-p", "x")]
    [InlineData(2, "exactly one of")]
    public async Task Question_ThatCannotBeAnswered_FailsInOneLine(int code, string named, params string[] options)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["logits", Model, .. options]);

        Assert.Equal(code, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains(named, run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_WithGgufAlone_StandsForThatFile()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Model, Path.Combine(folder.Path, "model.gguf"));

        CommandLineRun byFolder = await CommandLineRun.OfAsync("logits", folder.Path, "--tokens", Ids, "--json");
        CommandLineRun byFile = await CommandLineRun.OfAsync("logits", Model, "--tokens", Ids, "--json");

        Assert.Equal(byFile.Output, byFolder.Output);
    }

    [Fact]
    public async Task Weights_ThatAreNotNumbers_FailWithThePositionAndNoJson()
    {
        string path = TinyModel.Write("qwen3", GgmlType.F32, seed: 3);
        try
        {
            await using (FileStream file = File.OpenWrite(path))
            {
                file.Seek(-4, SeekOrigin.End);
                file.Write(BitConverter.GetBytes(float.NaN));
            }

            CommandLineRun one = await CommandLineRun.OfAsync("logits", path, "--tokens", "1,2", "--json");
            CommandLineRun batch = await CommandLineRun.WithInputAsync(
                "{\"tokens\":[1,2]}\n", "logits", path, "--batch", "-");

            Assert.Equal(Program.Failure, one.Code);
            Assert.Empty(one.Output);
            Assert.Contains("at position 1", one.ErrorLine, StringComparison.Ordinal);
            Assert.Contains("NaN", one.ErrorLine, StringComparison.Ordinal);
            Assert.Equal(Program.Failure, batch.Code);
            Assert.True(Golden.Parse(Assert.Single(batch.Lines)).TryGetProperty("error", out _));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<JsonElement> JsonAsync(params string[] options)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["logits", Model, "--json", .. options]);
        Assert.True(run.Code == Program.Success, run.Error);
        return Golden.Parse(Assert.Single(run.Lines));
    }

    private static IEnumerable<int> Integers(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(value => value.GetInt32());

    private static float[] Floats(JsonElement row) => [.. row.EnumerateArray().Select(value => value.GetSingle())];
}
