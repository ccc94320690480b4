using System.Text;
using Fourteen.Cli.Output;

namespace Fourteen.Cli.Tests;

/// <summary>One run of the command line in this process: arguments and standard input to what came out.</summary>
internal sealed record CommandLineRun(int Code, string Output, string Error, byte[] OutputBytes)
{
    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CommandLineRun> OfAsync(params string[] args) => WithInputAsync("", args);

    public static Task<CommandLineRun> WithInputAsync(string input, params string[] args) =>
        WithInputAsync(new MemoryStream(Encoding.UTF8.GetBytes(input)), CancellationToken.None, args);

    public static async Task<CommandLineRun> WithInputAsync(
        Stream input, CancellationToken cancellation, params string[] args)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        int code = await Program.RunAsync(args, new StandardStreams(input, output, error), cancellation);
        return new CommandLineRun(code, Text(output), Text(error), output.ToArray());
    }

    private static string Text(MemoryStream stream) =>
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(stream.ToArray());
}
