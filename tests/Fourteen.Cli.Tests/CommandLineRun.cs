using System.Text;
using Fourteen.Cli.Output;
using Xunit;

namespace Fourteen.Cli.Tests;

/// <summary>One run of the command line in this process: arguments and standard input to what came out.</summary>
internal sealed record CommandLineRun(int Code, string Output, string Error, byte[] OutputBytes)
{
    /// <summary>Standard error as the one line that a failure has.</summary>
    public string ErrorLine
    {
        get
        {
            Assert.EndsWith("\n", Error, StringComparison.Ordinal);
            return Assert.Single(Error[..^1].Split('\n'));
        }
    }

    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CommandLineRun> OfAsync(params string[] args) => WithInputAsync("", args);

    public static Task<CommandLineRun> WithInputAsync(string input, params string[] args) =>
        WithInputAsync(new MemoryStream(Encoding.UTF8.GetBytes(input)), CancellationToken.None, args);

    public static Task<CommandLineRun> WithInputAsync(
        Stream input, CancellationToken cancellation, params string[] args) =>
        OfAsync((output, error) => new StandardStreams(input, output, error), cancellation, args);

    /// <summary>With output and error on a terminal, and input from elsewhere.</summary>
    public static Task<CommandLineRun> OnTerminalAsync(string input, params string[] args) => OfAsync(
        (output, error) => new StandardStreams(new MemoryStream(Encoding.UTF8.GetBytes(input)), output, error)
        {
            OutputIsTerminal = true,
            ErrorIsTerminal = true,
        },
        CancellationToken.None, args);

    private static async Task<CommandLineRun> OfAsync(
        Func<Stream, Stream, StandardStreams> open, CancellationToken cancellation, string[] args)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        int code = await Program.RunAsync(args, open(output, error), cancellation);
        return new CommandLineRun(code, Text(output), Text(error), output.ToArray());
    }

    private static string Text(MemoryStream stream) =>
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(stream.ToArray());
}
