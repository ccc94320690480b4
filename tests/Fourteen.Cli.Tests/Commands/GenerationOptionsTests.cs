using System.CommandLine;
using Fourteen.Cli.Commands;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Chat;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

public sealed class GenerationOptionsTests
{
    [Fact]
    public void Options_NotGiven_AreNull()
    {
        (GenerationSettings? settings, string[] errors) = Parse();

        Assert.Empty(errors);
        Assert.Empty(settings!.Request.Stop);
        Assert.Equal(
            new GenerationSettings { Request = new ChatRequest { Stop = settings.Request.Stop } }, settings);
    }

    [Fact]
    public void Options_AllGiven_AreRead()
    {
        (GenerationSettings? settings, string[] errors) = Parse(
            "--threads", "2", "--ctx", "4096", "--temp", "0.7", "--top-k", "20", "--top-p", "0.8", "--min-p", "0.05",
            "--typical-p", "0.9", "--top-n-sigma", "1.5", "--repeat-penalty", "1.1", "--presence-penalty", "-1.5",
            "--frequency-penalty", "0.5", "--seed", "18446744073709551615", "--max-tokens", "100", "--stop", "a",
            "--stop", "--b", "--think", "--think-budget", "50", "--kv-type", "f32", "--precise", "--no-repack");

        Assert.Empty(errors);
        Assert.Equal(["a", "--b"], settings!.Request.Stop);
        Assert.Equal(
            new GenerationSettings
            {
                Threads = 2,
                ContextTokens = 4096,
                Request = new ChatRequest
                {
                    Think = true,
                    ThinkBudget = 50,
                    MaxTokens = 100,
                    Stop = settings.Request.Stop,
                    Sampling = new SamplingSettings
                    {
                        Temperature = 0.7,
                        TopK = 20,
                        TopP = 0.8,
                        MinP = 0.05,
                        TypicalP = 0.9,
                        TopNSigma = 1.5,
                        RepetitionPenalty = 1.1,
                        PresencePenalty = -1.5,
                        FrequencyPenalty = 0.5,
                        Seed = ulong.MaxValue,
                    },
                },
                KvType = KvType.F32,
                Precise = true,
                Repack = false,
            },
            settings);
    }

    [Theory]
    [InlineData("--threads", "0", "an integer from 1 to 1024")]
    [InlineData("--threads", "1.5", "an integer from 1 to 1024")]
    [InlineData("--ctx", "-1", "an integer from 1 to")]
    [InlineData("--ctx", "99999999999999999999", "an integer from 1 to")]
    [InlineData("--temp", "-0.1", "a number from 0 to 100")]
    [InlineData("--temp", "NaN", "a number from 0 to 100")]
    [InlineData("--temp", "0,7", "a number from 0 to 100")]
    [InlineData("--temp", "", "a number from 0 to 100")]
    [InlineData("--top-k", "-1", "an integer from 0 to")]
    [InlineData("--top-p", "0", "a number above 0 and at most 1")]
    [InlineData("--top-p", "1.01", "a number above 0 and at most 1")]
    [InlineData("--min-p", "2", "a number from 0 to 1")]
    [InlineData("--typical-p", "0", "a number above 0 and at most 1")]
    [InlineData("--top-n-sigma", "-1", "a number from 0 to 100")]
    [InlineData("--repeat-penalty", "0", "a number above 0 and at most 100")]
    [InlineData("--presence-penalty", "1e999", "a number from -100 to 100")]
    [InlineData("--frequency-penalty", "x", "a number from -100 to 100")]
    [InlineData("--seed", "-1", "an integer from 0 to 18446744073709551615")]
    [InlineData("--max-tokens", "0", "an integer from 1 to")]
    [InlineData("--think-budget", "-1", "an integer from 0 to")]
    [InlineData("--kv-type", "q8", "f16, f32, q8_0 or q4_0")]
    public void Option_OutsideItsRange_NamesOptionRangeAndValue(string option, string value, string range)
    {
        (_, string[] errors) = Parse(option, value);

        string error = Assert.Single(errors);
        Assert.StartsWith($"{option} must be {range}", error, StringComparison.Ordinal);
        Assert.EndsWith($", found {value}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--think", "--no-think")]
    [InlineData("--no-think", "--think-budget", "5")]
    [InlineData("--precise", "--kv-type", "f16")]
    [InlineData("--precise", "--kv-type", "q8_0")]
    [InlineData("--precise", "--kv-type", "q4_0")]
    [InlineData("--stop", "")]
    public void Options_ThatExcludeEachOther_AreRefused(params string[] args)
    {
        (_, string[] errors) = Parse(args);

        Assert.Contains(args[0], Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--no-think", "--think-budget", "0")]
    [InlineData("--precise", "--kv-type", "f32")]
    [InlineData("--kv-type", "q8_0")]
    [InlineData("--kv-type", "q4_0")]
    [InlineData("--temp", "0")]
    [InlineData("--top-p", "1")]
    public void Options_AtTheirBounds_AreTaken(params string[] args)
    {
        (_, string[] errors) = Parse(args);

        Assert.Empty(errors);
    }

    [Fact]
    public void Options_ThatDoNotParseAndExcludeEachOther_AreRefused()
    {
        (_, string[] errors) = Parse("--no-think", "--think-budget", "x", "--precise", "--kv-type", "q8");

        Assert.NotEmpty(errors);
    }

    private static (GenerationSettings? Settings, string[] Errors) Parse(params string[] args)
    {
        var options = new GenerationOptions();
        var command = new Command("test");
        options.AddTo(command);
        ParseResult parsed = command.Parse(args, new ParserConfiguration { EnablePosixBundling = false });
        string[] errors = [.. parsed.Errors.Select(error => error.Message)];
        return (errors.Length == 0 ? options.Read(parsed) : null, errors);
    }
}
