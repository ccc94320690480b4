using System.Text.Json;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>What <c>fourteen bench</c> prints and refuses; what it measures is the machine's affair.</summary>
public sealed class BenchCommandTests
{
    [Fact]
    public async Task Bench_AsJson_HasTheKeysThatOthersRead()
    {
        using var model = new TemporaryModel();

        CommandLineRun run = await CommandLineRun.OfAsync(
            "bench", model.Path, "-p", "16", "-n", "2", "-b", "1,2", "-t", "1,2", "-d", "0,8", "-r", "2",
            "--all-logits", "--json");

        Assert.Equal(Program.Success, run.Code);
        JsonElement json = Golden.Parse(Assert.Single(run.Lines));
        Assert.NotEqual("", json.GetProperty("machine").GetProperty("processor").GetString());
        Assert.True(json.GetProperty("bandwidth_gbs").GetDouble() > 0);
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        // For each number of threads and each depth: two prompts, and two batches.
        Assert.Equal(2 * 2 * 4, rows.Length);
        Assert.Equal(
            ["pp16", "pp16+all", "tg2", "tg2"], rows.Take(4).Select(row => row.GetProperty("test").GetString()));
        Assert.Equal([1, 1, 1, 2], rows.Take(4).Select(row => row.GetProperty("batch").GetInt32()));
        Assert.Equal([0, 8], rows.Select(row => row.GetProperty("depth").GetInt32()).Distinct());
        Assert.Equal([1, 2], rows.Select(row => row.GetProperty("threads").GetInt32()).Distinct());
        foreach (string key in (string[])["tokens_per_second", "gb_per_second", "bandwidth_share", "int8_share"])
            Assert.All(rows, row => Assert.True(row.GetProperty(key).GetDouble() > 0, key));
        Assert.All(rows, row => Assert.True(row.GetProperty("stddev").GetDouble() >= 0));
        Assert.All(rows, row => Assert.Equal(2, row.GetProperty("samples").GetArrayLength()));
    }

    [Fact]
    public async Task Bench_OnATerminal_FitsEightyColumns()
    {
        using var model = new TemporaryModel();

        CommandLineRun run = await CommandLineRun.OnTerminalAsync(
            "", "bench", model.Path, "-p", "16", "-n", "2", "-b", "16", "-d", "64", "-r", "1");

        Assert.Equal(Program.Success, run.Code);
        Assert.All(
            run.Lines.Where(line => !line.Contains(model.Path, StringComparison.Ordinal)),
            line => Assert.True(line.Length <= 80, line));
        Assert.Contains(run.Lines, line => line.StartsWith("pp16 @ d64 ", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("tg2 ×16 @ d64 ", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("processor ", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("limits ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bench_AsCsv_HasACellForEachColumn()
    {
        using var model = new TemporaryModel();

        CommandLineRun run =
            await CommandLineRun.OfAsync("bench", model.Path, "-p", "8", "-n", "0", "-r", "1", "--csv");

        Assert.Equal(Program.Success, run.Code);
        Assert.Equal(2, run.Lines.Length);
        Assert.StartsWith("test,threads,batch,depth,tokens_per_second,", run.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("pp8,", run.Lines[1], StringComparison.Ordinal);
        Assert.Equal(run.Lines[0].Split(',').Length, run.Lines[1].Split(',').Length);
    }

    [Fact]
    public async Task Kernels_OfOneType_HaveALineForEachPath()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("bench", "--kernels", "--types", "q4_k", "-t", "2", "--json");

        Assert.Equal(Program.Success, run.Code);
        JsonElement json = Golden.Parse(Assert.Single(run.Lines));
        JsonElement[] kernels = [.. json.GetProperty("kernels").EnumerateArray()];
        Assert.Equal(
            json.GetProperty("machine").GetProperty("paths").EnumerateArray().Select(path => path.GetString()),
            kernels.Select(kernel => kernel.GetProperty("path").GetString()));
        foreach (string key in (string[])["gb_per_second", "gops_8", "gops_64", "int8_share", "bandwidth_share"])
            Assert.All(kernels, kernel => Assert.True(kernel.GetProperty(key).GetDouble() > 0, key));
    }

    [Fact]
    public async Task Write_OfASyntheticModel_GivesAFileOnce()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model.gguf");
        string[] args = ["bench", "--synthetic", "smollm2-135m:Q4_K_M", "--write", path];

        CommandLineRun first = await CommandLineRun.OfAsync(args);
        CommandLineRun second = await CommandLineRun.OfAsync(args);
        CommandLineRun shown = await CommandLineRun.OfAsync("show", path);

        Assert.Equal(Program.Success, first.Code);
        Assert.StartsWith(path, first.Lines[0], StringComparison.Ordinal);
        Assert.Equal(Program.Usage, second.Code);
        Assert.Contains("exists already", second.ErrorLine, StringComparison.Ordinal);
        Assert.Equal(Program.Success, shown.Code);
        Assert.Contains("134.5 M", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_ThatIsCancelled_LeavesNoFile()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model.gguf");

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            Stream.Null, new CancellationToken(canceled: true), "bench", "--synthetic", "qwen3-0.6b:Q8_0", "--write",
            path);

        Assert.Equal(Program.Interrupted, run.Code);
        Assert.False(File.Exists(path));
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "-p 0 -n 0", "nothing is left to time" },
        { "-p 1,x", "--n-prompt must be 1 to 32 integers" },
        { "-t 0", "--threads must be" },
        { "-b 1,", "--batch must be" },
        { "-d 9999999", "--n-depth must be" },
        { "-r 0", "--repetitions must be" },
        { "--json --csv", "--json and --csv exclude each other" },
        { "model.gguf --synthetic qwen3-14b:Q4_K_M", "exclude each other" },
        { "--write x.gguf", "--write is about --synthetic" },
        { "--kernels model.gguf", "--kernels times no model" },
        { "--types Q4_K", "--types is about --kernels" },
        { "--kernels --types Q8_K", "must be weight types" },
        { "--peer-args x", "are about --peer" },
        { "--peer p -b 4", "neither --batch nor --all-logits" },
        { "--peer p --synthetic qwen3-14b:Q4_K_M", "--peer needs a file" },
        { "--peer /no/such/program", "there is no program" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task Arguments_ThatDoNotFit_AreUsageErrors(string args, string said)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["bench", .. args.Split(' ')]);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains(said, run.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3-15b:Q4_K_M", "qwen3-14b")]
    [InlineData("qwen3-14b:Q4", "Q4_K_M")]
    [InlineData("qwen3-235b-a22b:F32", "--write")]
    public async Task Synthetic_ThatCannotBe_IsRefused(string name, string said)
    {
        CommandLineRun run = await CommandLineRun.OfAsync("bench", "--synthetic", name);

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains(said, run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_OfTheModel_BoundsTheDepth()
    {
        using var model = new TemporaryModel();

        CommandLineRun run = await CommandLineRun.OfAsync("bench", model.Path, "-d", "100000", "-r", "1");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("the context must be 1 … 4096", run.ErrorLine, StringComparison.Ordinal);
    }

    /// <summary>A tiny model's file, gone with the test.</summary>
    private sealed class TemporaryModel : IDisposable
    {
        public string Path { get; } = TinyModel.Write("qwen3", GgmlType.Q8_0, seed: 1);

        public void Dispose() => File.Delete(Path);
    }
}
