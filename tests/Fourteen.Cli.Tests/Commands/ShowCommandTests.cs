using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class ShowCommandTests
{
    public static TheoryData<string> BadFiles
    {
        get
        {
            string? folder = SharedFiles.FindGolden("cases/files");
            string[] found = folder is null
                ? []
                : [.. Directory.EnumerateFiles(folder, "*.gguf").Select(file => Path.GetFileName(file)).Order()];
            return found.Length > 0 ? [.. found] : ["bad-array.gguf"]; // skipped below where it is not here
        }
    }

    [Fact]
    public async Task Show_OfTheEmbeddedModel_TellsItsFacts()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("show");

        Assert.Equal(Program.Success, run.Code);
        Assert.Empty(run.Error);
        foreach (string fact in (string[])["architecture  llama", "134.5 M, 106.2 M without embeddings, 134.5 M active",
            "30 layers, hidden 576, feed-forward 1536, heads 9/3 of 64", "8192 tokens", "MiB at full context",
            "gpt2, pre-tokenizer smollm; 49152 tokens", "<|im_end|> (2)", "368 characters", "temperature 0.8, top-k 40",
            "licence       apache-2.0", "attn_q        q4_1      30"])
        {
            Assert.Contains(fact, run.Output, StringComparison.Ordinal);
        }

        // A path stays whole, whatever its length.
        Assert.All(run.Lines[1..], line => Assert.True(line.Length <= 80, line));
        Assert.EndsWith("SmolLM2-135M-Instruct.Q4_1.gguf", run.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfAModelThatThinks_TellsTheSamplingOfBothModes()
    {
        string model = SharedFiles.Model("qwen3-tiny-chat/model.gguf");

        string text = (await CommandLineRun.OfAsync("show", model)).Output;
        JsonElement json = Golden.Parse((await CommandLineRun.OfAsync("show", model, "--json")).Output);

        Assert.Contains("temperature 0.6, top-k 20, top-p 0.95", text, StringComparison.Ordinal);
        Assert.Contains("temperature 0.7, top-k 20, top-p 0.8", text, StringComparison.Ordinal);
        Assert.Equal(0.6, json.GetProperty("sampling").GetProperty("temperature").GetDouble());
        Assert.Equal(0.8, json.GetProperty("sampling_no_think").GetProperty("top_p").GetDouble());
        Assert.True(json.GetProperty("can_think").GetBoolean());
    }

    /// <summary>The README of the model: 2,558,720 parameters, 4 layers, hidden 256, tied, vocabulary 768.</summary>
    [Fact]
    public async Task Json_OfAModel_HasItsNumbers()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "show", SharedFiles.Model("qwen3-tiny-chat/model.gguf"), "--json");

        JsonElement json = Golden.Parse(Assert.Single(run.Lines));
        (string, long)[] expected =
        [
            ("parameters", 2_558_720), ("parameters_without_embeddings", 2_558_720 - (768 * 256)),
            ("active_parameters", 2_558_720), ("layers", 4), ("hidden", 256), ("heads", 4), ("kv_heads", 2),
            ("head_dim", 64), ("context_length", 4096), ("kv_bytes_per_token", 2 * 2 * 4 * 2 * 64),
            ("vocabulary", 768),
        ];
        Assert.All(expected, item => Assert.Equal(item.Item2, json.GetProperty(item.Item1).GetInt64()));
        JsonElement[] tensors = [.. json.GetProperty("tensors").EnumerateArray()];
        Assert.Equal(2_558_720, tensors.Sum(row => row.GetProperty("parameters").GetInt64()));
        Assert.Equal(
            json.GetProperty("weight_bytes").GetInt64() + (4096 * json.GetProperty("kv_bytes_per_token").GetInt64()),
            json.GetProperty("bytes_at_full_context").GetInt64());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("problem").ValueKind);
    }

    [Fact]
    public async Task Show_OfAFolderWithSafetensors_TellsWhatItsGgufTells()
    {
        string folder = Path.GetDirectoryName(SharedFiles.Golden("models/llama3/model.safetensors"))!; // has a folder

        JsonElement json = Golden.Parse((await CommandLineRun.OfAsync("show", folder, "--json")).Output);

        Assert.Equal("llama", json.GetProperty("architecture").GetString());
        Assert.Equal("llama3", json.GetProperty("rope_scaling").GetString());
        Assert.Equal("bf16", json.GetProperty("tensors")[0].GetProperty("type").GetString());
        Assert.Equal(2, json.GetProperty("layers").GetInt32());
    }

    [Fact]
    public async Task Show_OfAnUnknownArchitecture_TellsWhatItCanAndWhy()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "strange.gguf");
        File.WriteAllBytes(path, new GgufBuilder().Add("general.architecture", "strange")
            .Add("general.name", "A\u001b[31mB\nC").Build());

        CommandLineRun run = await CommandLineRun.OfAsync("show", path);

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("architecture  strange", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
        Assert.StartsWith("fourteen: this model cannot be run: ", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("general.architecture", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("strange", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfAnUnknownArchitecture_SaysWhyItCannotBeRun()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("show", SharedFiles.Golden("models/falcon/model.gguf"));

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("found \"falcon\"", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("attn_qkv", run.Output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(BadFiles))]
    public async Task Show_OfADamagedFile_FailsInOneLineWithTheFileAndTheRule(string name)
    {
        string file = SharedFiles.Golden($"cases/files/{name}");

        CommandLineRun run = await CommandLineRun.OfAsync("show", file);

        Assert.Equal(Program.Failure, run.Code);
        Assert.Empty(run.Output);
        Assert.StartsWith($"fourteen: {file}: ", run.ErrorLine, StringComparison.Ordinal);
        Assert.True(run.ErrorLine.Length > file.Length + 30, run.ErrorLine);
        Assert.DoesNotContain("fault of ours", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfAFolderWithoutAModel_FailsInOneLine()
    {
        using var folder = new TemporaryFolder();

        CommandLineRun run = await CommandLineRun.OfAsync("show", folder.Path);

        Assert.Equal(Program.Failure, run.Code);
        Assert.StartsWith($"fourteen: {folder.Path}", run.ErrorLine, StringComparison.Ordinal);
    }
}
