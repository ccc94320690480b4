using Xunit;

namespace Fourteen.Cli.Tests;

public sealed class ProgramTests
{
    [Fact]
    public async Task Program_WithoutArguments_NamesTheVerbs()
    {
        CommandLineRun run = await CommandLineRun.OfAsync();

        Assert.Equal(Program.Usage, run.Code);
        Assert.Empty(run.Output);
        Assert.Equal("fourteen: the first argument must be one of "
            + $"{string.Join(", ", CommandTable.Verbs.Select(verb => verb.Name))}; see fourteen --help\n", run.Error);
    }

    [Fact]
    public async Task Program_WithUnknownVerb_NamesItInOneLine()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("tokenise", "x");

        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains("found tokenise", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Program_WithHelp_PrintsItToOutput()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("--help");

        Assert.Equal(Program.Success, run.Code);
        Assert.Empty(run.Error);
        Assert.All(CommandTable.Verbs, verb => Assert.Contains(verb.Description, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Program_WithMissingFile_FailsWithItsName()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", "no/such/model.gguf", "text");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Empty(run.Output);
        Assert.StartsWith("fourteen: no/such/model.gguf: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Program_OnAFaultOfOurs_SaysHowToReportIt()
    {
        using var folder = new TemporaryFolder();
        string template = folder.Write("t.jinja", "x");

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            new BrokenStream(), CancellationToken.None, "template", template);

        Assert.Equal(Program.Bug, run.Code);
        Assert.Contains("NotSupportedException", run.Error, StringComparison.Ordinal);
        Assert.Contains("FOURTEEN_TRACE=1", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_WhenInterrupted_EndsWithTheShellsCode()
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync(
            new MemoryStream("{\"template\":\"x\"}\n"u8.ToArray()), new CancellationToken(canceled: true),
            "template", "--batch", "-");

        Assert.Equal(Program.Interrupted, run.Code);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Program_WithTextThatLooksLikeAFileOfArguments_TakesItAsText()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", "no/such/model.gguf", "@arguments.txt");

        Assert.StartsWith("fourteen: no/such/model.gguf: ", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Fails with an exception that no part of the product expects.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("broken\non purpose");
    }
}
