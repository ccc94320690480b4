using Fourteen.Cli.Output;
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
        string text = string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(CommandTable.Verbs, verb => Assert.Contains(verb.Description, text, StringComparison.Ordinal));
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
    public async Task Program_WhenInterruptedWhileItWaitsForInput_Ends()
    {
        using var interrupt = new CancellationTokenSource();
        Task<CommandLineRun> running = CommandLineRun.WithInputAsync(
            new SilentStream(), interrupt.Token, "template", "--batch", "-");

        Assert.False(running.IsCompleted);
        await interrupt.CancelAsync();

        Assert.Equal(Program.Interrupted, (await running).Code);
    }

    [Fact]
    public async Task Program_WhenTheReaderOfItsOutputHasGone_EndsInSilence()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "pipes report a gone reader by another code there");
        var error = new MemoryStream();
        var streams = new StandardStreams(new MemoryStream(), new ClosedPipe(), error);

        int code = await Program.RunAsync(["--help"], streams, CancellationToken.None);

        Assert.Equal(Program.OutputClosed, code);
        Assert.Equal(0, error.Length);
    }

    [Fact]
    public async Task Program_WithTextThatLooksLikeAFileOfArguments_TakesItAsText()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("tokenize", "no/such/model.gguf", "@arguments.txt");

        Assert.StartsWith("fourteen: no/such/model.gguf: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_WithATemplateThatRefuses_ShowsItsWordsWithoutControls()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "refuses.jinja");
        await File.WriteAllTextAsync(
            path, "{{ raise_exception('\u001b[31mno\nsuch role') }}", TestContext.Current.CancellationToken);

        CommandLineRun run = await CommandLineRun.WithInputAsync("[]", "template", path);

        Assert.EndsWith("\ufffd[31mno such role", run.ErrorLine, StringComparison.Ordinal);
    }

    /// <summary>A terminal at which nobody types.</summary>
    private sealed class SilentStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(new TaskCompletionSource<int>().Task);
    }

    private sealed class ClosedPipe : MemoryStream
    {
        private const int BrokenPipe = 32; // EPIPE

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe", BrokenPipe);
    }

    /// <summary>Fails with an exception that no part of the product expects.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("broken\non purpose");
    }
}
