using System.CommandLine;
using System.Text.Json;
using Fourteen.Cli.Commands;
using Fourteen.Engine.Models;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>--yarn, --rope-scale and --yarn-original, and what the verbs say of the scaling they used.</summary>
public sealed class RopeOptionsTests
{
    private const string Peru = "What is the capital of Peru?";

    private static string Tiny => SharedFiles.Model("qwen3-tiny-chat/model.gguf");

    [Fact]
    public void Options_Given_AreRead()
    {
        Assert.Equal(new RopeOptions(), Parse().Rope);
        Assert.Equal(
            new RopeOptions { PerRequest = true, NativeContext = 64 }, Parse("--yarn", "--yarn-original", "64").Rope);
        Assert.Equal(new RopeOptions { Factor = 2.5 }, Parse("--rope-scale", "2.5").Rope);
    }

    [Theory]
    [InlineData("exclude each other", "--yarn", "--rope-scale", "2")]
    [InlineData("neither is given", "--yarn-original", "64")]
    [InlineData("a number from 1 to 1024, found 0.5", "--rope-scale", "0.5")]
    [InlineData("a number from 1 to 1024, found NaN", "--rope-scale", "NaN")]
    [InlineData("found 1e9", "--rope-scale", "1e9")]
    [InlineData("an integer from 1 to", "--yarn", "--yarn-original", "0")]
    public async Task Options_ThatMeanNothing_AreRefused(string message, params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["run", "-p", "x", .. args]);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--yarn")]
    [InlineData("--rope-scale", "2")]
    public async Task Options_OnAModelWithAScalingOfItsOwn_AreRefusedByItsName(params string[] args)
    {
        string folder = Path.GetDirectoryName(SharedFiles.Golden("models/llama3/model.safetensors"))!; // has a folder

        CommandLineRun run = await CommandLineRun.OfAsync(["logits", folder, "--tokens", "1,2", "--json", .. args]);

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains($"{args[0]} is YaRN", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("llama3", run.ErrorLine, StringComparison.Ordinal);
    }

    /// <summary>19 tokens of prompt with 20 native positions: one token more fits, 10 need twice, 40 four times that.
    /// </summary>
    [Theory]
    [InlineData(1, "none", 1)]
    [InlineData(10, "yarn", 2)]
    [InlineData(40, "yarn", 4)]
    public async Task Run_WithYarn_TellsTheFactorOfTheRequest(int limit, string scaling, double factor)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "run", Tiny, "-p", Peru, "--no-think", "--temp", "0", "--max-tokens", $"{limit}", "--json", "--yarn",
            "--yarn-original", "20");

        JsonElement usage = Golden.Parse(Assert.Single(run.Lines)).GetProperty("usage");
        Assert.Equal(scaling, usage.GetProperty("rope_scaling").GetString());
        Assert.Equal(factor, usage.GetProperty("rope_factor").GetDouble());
        Assert.Equal(factor > 1, run.Error.Contains($"; YaRN ×{factor}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_PromptBeyondTheLongestContext_IsRefused()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "run", Tiny, "--raw", "-p", string.Concat(Enumerable.Repeat("word ", 100)), "--yarn", "--yarn-original",
            "8");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("32", run.ErrorLine, StringComparison.Ordinal);
    }

    /// <summary>Prompts of 19, 44 and 69 tokens with 12 more each: the second and third need more than 41.</summary>
    [Fact]
    public async Task Chat_ThatOutgrowsTheNativeContext_SaysOnceThatItIsComputedAgain()
    {
        string[] yarn = ["--no-think", "--temp", "0", "--max-tokens", "12", "--yarn", "--yarn-original", "41"];

        CommandLineRun run = await ChatAsync(yarn, Peru, "What is 3 + 4?", "What is 3 + 4?", "/clear", Peru);

        const string Again = "The conversation may now exceed 41 tokens: computed again with YaRN ×2.";
        Assert.Equal(2, run.Error.Split(Again).Length);
        Assert.Single(run.Error.Split('\n'), line => line.StartsWith("The conversation may", StringComparison.Ordinal));
        // A new conversation fits, and nothing of it had been computed otherwise.
        Assert.DoesNotContain("fits again", run.Error, StringComparison.Ordinal);
        string[] statistics =
            [.. run.Error.Split('\n').Where(line => line.Contains("tokens in", StringComparison.Ordinal))];
        Assert.Equal(
            [false, true, true, false],
            statistics.Select(line => line.EndsWith("; YaRN ×2", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Logits_OfATextBeyondTheNativeContext_AreThoseOfTheFactorThatItNeeds()
    {
        string folder = Path.GetDirectoryName(SharedFiles.Golden("models/qwen3/model.safetensors"))!; // has a folder
        string tokens = string.Join(',', Enumerable.Range(0, 100).Select(i => i * 37 % 500));
        async Task<string> LogitsAsync(params string[] args)
        {
            CommandLineRun run = await CommandLineRun.OfAsync(
                ["logits", folder, "--tokens", tokens, "--precise", "--json", .. args]);
            return Assert.Single(run.Lines);
        }

        string plain = await LogitsAsync();

        Assert.NotEqual(plain, await LogitsAsync("--rope-scale", "2", "--yarn-original", "64"));
        Assert.Equal(
            await LogitsAsync("--rope-scale", "2", "--yarn-original", "64"),
            await LogitsAsync("--yarn", "--yarn-original", "64"));
        Assert.Equal(plain, await LogitsAsync("--yarn", "--yarn-original", "100"));
    }

    [Theory]
    [InlineData("qwen3-yarn-short", "yarn ×4 (qwen3.rope.scaling.type), native context 64 tokens", "yarn", 4, 64)]
    [InlineData("phi4-mini", "longrope ×4 (rope_factors_long.weight), short list to 64 tokens", "longrope", 4, 64)]
    [InlineData("qwen3", "none, native context 32,768 tokens", "none", 1, 32768)]
    public async Task Show_OfAScaledModel_TellsScalingFactorSourceAndNativeContext(
        string name, string plan, string scaling, double factor, int native)
    {
        string folder = Path.GetDirectoryName(SharedFiles.Golden($"models/{name}/config.json"))!; // has a folder
        string gguf = Path.Combine(folder, "model.gguf");
        string model = name == "phi4-mini" ? gguf : folder;

        string text = (await CommandLineRun.OfAsync("show", model)).Output;
        JsonElement json = Golden.Parse((await CommandLineRun.OfAsync("show", model, "--json")).Output);

        // People's lines are broken between words.
        string words = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"RoPE scaling {plan}", words, StringComparison.Ordinal);
        Assert.Equal(scaling, json.GetProperty("rope_scaling").GetString());
        Assert.Equal(factor, json.GetProperty("rope_factor").GetDouble());
        Assert.Equal(native, json.GetProperty("native_context").GetInt32());
    }

    private static Task<CommandLineRun> ChatAsync(string[] options, params string[] lines) =>
        CommandLineRun.WithInputAsync(string.Concat(lines.Select(line => line + "\n")), ["chat", Tiny, .. options]);

    private static GenerationSettings Parse(params string[] args)
    {
        var options = new GenerationOptions();
        var command = new Command("test");
        options.AddTo(command);
        ParseResult parsed = command.Parse(args);
        Assert.Empty(parsed.Errors);
        return options.Read(parsed);
    }
}
