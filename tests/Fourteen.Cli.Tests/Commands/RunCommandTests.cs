using System.Text;
using System.Text.Json;
using Fourteen.Cli.Output;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class RunCommandTests
{
    private const string Peru = "What is the capital of Peru?";
    private const string PeruThought = "The user asks for the capital of Peru. It is Lima.";
    private const string PeruAnswer = "The capital of Peru is Lima.";

    /// <summary>A model in Qwen3's shape that thinks; so small that it loads and answers at once.</summary>
    private static string Tiny => SharedFiles.Model("qwen3-tiny-chat/model.gguf");

    [Theory]
    [InlineData("Name the capital city of France.", "Paris")]
    [InlineData("What is 2+2?", "4")]
    public async Task Answer_OfTheEmbeddedModel_HoldsTheFact(string prompt, string fact)
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", "-p", prompt, "--temp", "0", "--max-tokens", "40");

        Assert.Equal(Program.Success, run.Code);
        Assert.Contains(fact, run.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"^\d+ tokens in, \d+ out; first token [\d.]+ s; prefill [\d.]+, decode [\d.]+ tokens/s; peak \d+ MiB$",
            run.ErrorLine);
    }

    [Fact]
    public async Task Answer_WithoutRepacking_IsTheSame()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", Peru, "--temp", "0", "--no-repack");

        Assert.Equal($"{PeruAnswer}\n", run.Output);
    }

    [Fact]
    public async Task Answer_WithThought_StandsAloneOnOutput()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", Peru, "--temp", "0");

        Assert.Equal($"{PeruAnswer}\n", run.Output);
        Assert.StartsWith($"{PeruThought}\n", run.Error, StringComparison.Ordinal);
        Assert.Matches(@"\n15 tokens in, \d+ out; .* MiB\n$", run.Error);
    }

    [Fact]
    public async Task Answer_OnATerminal_HasItsThoughtDimmedAndFolded()
    {
        CommandLineRun run = await CommandLineRun.OnTerminalAsync("", "run", Tiny, "-p", Peru, "--temp", "0");

        Assert.Equal($"{PeruAnswer}\n", run.Output);
        Assert.Contains($"\r\e[K\e[2m{PeruThought}\e[0m", run.Error, StringComparison.Ordinal);
        Assert.Contains("\r\e[K\e[2m▸ thought, 11 words\e[0m\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("--no-think")]
    [InlineData("--think-budget", "0")]
    public async Task Answer_WithoutThought_IsTheAnswerAtOnce(params string[] options)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["run", Tiny, "-p", Peru, "--temp", "0", .. options]);

        Assert.Equal($"{PeruAnswer}\n", run.Output);
        Assert.DoesNotContain("The user asks", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_WithAThoughtOverItsBudget_StillComes()
    {
        JsonElement json = await JsonAsync("-p", Peru, "--temp", "0", "--think-budget", "6", "--max-tokens", "120");

        Assert.Contains("Considering the limited time", json.GetProperty("thought").GetString()!);
        Assert.NotEmpty(json.GetProperty("text").GetString()!);
    }

    [Fact]
    public async Task Json_OfAnAnswer_HasEveryField()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "run", Tiny, "-p", Peru, "--temp", "0", "--seed", "18446744073709551615", "--json");

        JsonElement json = Golden.Parse(Assert.Single(run.Lines));
        JsonElement usage = json.GetProperty("usage");
        Assert.Equal(Tiny, json.GetProperty("model").GetString());
        Assert.Equal(PeruAnswer, json.GetProperty("text").GetString());
        Assert.Equal(PeruThought, json.GetProperty("thought").GetString());
        Assert.Equal("stop", json.GetProperty("finish_reason").GetString());
        Assert.Equal(ulong.MaxValue, json.GetProperty("seed").GetUInt64());
        Assert.Equal(15, usage.GetProperty("prompt_tokens").GetInt32());
        Assert.InRange(usage.GetProperty("completion_tokens").GetInt32(), 15, 40);
        foreach (string figure in (string[])["time_to_first_token_seconds", "prefill_tokens_per_second",
            "decode_tokens_per_second", "peak_memory_mib"])
        {
            Assert.True(usage.GetProperty(figure).GetDouble() > 0, figure);
        }
    }

    [Theory]
    [InlineData(Peru)]
    [InlineData($"{Peru}\n")]
    [InlineData($"{Peru}\r\n")]
    public async Task Prompt_OnStandardInput_IsTheSameAsAnOption(string input)
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync(input, "run", Tiny, "--temp", "0", "--json");

        JsonElement json = Golden.Parse(run.Output);
        Assert.Equal(PeruAnswer, json.GetProperty("text").GetString());
        Assert.Equal(15, json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Prompt_WithNobodyToGiveIt_IsAUsageError()
    {
        var error = new MemoryStream();
        var streams = new StandardStreams(new MemoryStream(), new MemoryStream(), error) { InputIsTerminal = true };

        int code = await Program.RunAsync(["run"], streams, CancellationToken.None);

        Assert.Equal(Program.Usage, code);
        Assert.Contains("-p TEXT", Encoding.UTF8.GetString(error.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_ThatIsEmpty_IsAUsageError()
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync("\n", "run", Tiny);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Equal("fourteen: the prompt must be a text that is not empty", run.ErrorLine);
    }

    [Fact]
    public async Task SystemMessage_BeforeThePrompt_IsPartOfIt()
    {
        JsonElement json = await JsonAsync("-p", Peru, "--system", "Be short.", "--max-tokens", "1");

        Assert.InRange(json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), 18, 40);
    }

    [Fact]
    public async Task Raw_Text_IsContinuedWithoutATemplate()
    {
        const string Rendered = $"<|im_start|>user\n{Peru}<|im_end|>\n<|im_start|>assistant\n"
            + "<think>\n\n</think>\n\nThe capital of";

        JsonElement json = await JsonAsync("-p", Rendered, "--raw", "--temp", "0");

        Assert.Equal(" Peru is Lima.", json.GetProperty("text").GetString());
        Assert.Equal("stop", json.GetProperty("finish_reason").GetString());
        Assert.Equal(22, json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Raw_WithASystemMessage_IsAUsageError()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", "x", "--raw", "--system", "y");

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains("--system", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenLimit_OfOne_CutsTheAnswerAndSaysSo()
    {
        string[] args = ["run", Tiny, "-p", "Count to 6.", "--no-think", "--temp", "0", "--max-tokens", "1"];

        CommandLineRun shown = await CommandLineRun.OfAsync(args);
        JsonElement json = Golden.Parse((await CommandLineRun.OfAsync([.. args, "--json"])).Output);

        Assert.Equal("1\n", shown.Output);
        Assert.StartsWith("cut at the limit; ", shown.ErrorLine, StringComparison.Ordinal);
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
        Assert.Equal(1, json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task StopText_InTheAnswer_EndsItBefore()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "run", Tiny, "-p", "Count to 6.", "--no-think", "--temp", "0", "--stop", "xyz", "--stop", ", 4");

        Assert.Equal("1, 2, 3\n", run.Output);
    }

    [Fact]
    public async Task Seed_OfAnAnswer_DrawsItAgain()
    {
        string[] options = ["-p", "Hello", "--temp", "3", "--top-k", "0", "--top-p", "1", "--max-tokens", "20"];

        JsonElement first = await JsonAsync(options);
        string seed = first.GetProperty("seed").GetRawText();
        JsonElement again = await JsonAsync([.. options, "--seed", seed, "--threads", "1"]);
        JsonElement other = await JsonAsync([.. options, "--seed", "5"]);

        Assert.Equal(Words(first), Words(again));
        Assert.NotEqual(Words(first), Words(other));
        Assert.InRange(first.GetProperty("seed").GetUInt64(), 0ul, (1ul << 53) - 1);
    }

    [Fact]
    public async Task Model_ThatIsNotThere_FailsInOneLine()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", "no/such.gguf", "-p", "x");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Empty(run.Output);
        Assert.StartsWith("fourteen: no/such.gguf: there is no such file", run.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--think")]
    [InlineData("--think-budget", "9")]
    public async Task Thought_OfAModelThatCannotThink_IsRefused(params string[] options)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["run", "-p", "x", .. options]);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains($"{options[0]}: ", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("cannot think", run.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--temp", "-1")]
    [InlineData("--temp", "0,7")]
    [InlineData("--top-p", "0")]
    [InlineData("--top-k", "1.5")]
    [InlineData("--max-tokens", "0")]
    [InlineData("--threads", "0")]
    [InlineData("--seed", "-1")]
    [InlineData("--kv-type", "q5_0")]
    [InlineData("--stop", "")]
    public async Task Option_WithAnIllegalValue_IsAUsageError(string option, string value)
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", "x", option, value);

        Assert.Equal(Program.Usage, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains(option, run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("see fourteen run --help", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_BeyondTheModels_FailsWithBoth()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", "x", "--ctx", "5000");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("4096", run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("5000", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_ThatThePromptFills_FailsInOneLine()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("run", Tiny, "-p", Peru, "--ctx", "15");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains("15 tokens", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupt_InAnAnswer_KeepsWhatCameOnALineOfItsOwn()
    {
        using var interrupt = new CancellationTokenSource();
        var output = new StreamWithAlarm(interrupt.Cancel);
        var error = new MemoryStream();

        int code = await Program.RunAsync(
            ["run", Tiny, "-p", "Count to 6.", "--no-think", "--temp", "0"],
            new StandardStreams(new MemoryStream(), output, error), interrupt.Token);

        string text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Equal(Program.Interrupted, code);
        Assert.StartsWith("1", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(0, error.Length);
    }

    private static string Words(JsonElement json) =>
        json.TryGetProperty("thought", out JsonElement thought)
            ? $"{thought.GetString()}|{json.GetProperty("text").GetString()}"
            : json.GetProperty("text").GetString()!; // the document always has it

    private static async Task<JsonElement> JsonAsync(params string[] options)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["run", Tiny, "--json", .. options]);
        Assert.True(run.Code == Program.Success, run.Error);
        return Golden.Parse(Assert.Single(run.Lines));
    }

    /// <summary>Rings at the first write, as a user does who has seen enough.</summary>
    private sealed class StreamWithAlarm(Action ring) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ring();
            return base.WriteAsync(buffer, CancellationToken.None);
        }
    }
}
