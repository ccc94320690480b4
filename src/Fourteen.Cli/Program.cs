using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Sampling;

namespace Fourteen.Cli;

/// <summary>
/// The outermost frame of the command line: arguments to a verb, and every exception to one line on standard error and
/// an exit code.
/// </summary>
public static class Program
{
    public const int Success = 0;

    /// <summary>The command was understood, but a file, a template or a row is not usable.</summary>
    public const int Failure = 1;

    /// <summary>The arguments are wrong.</summary>
    public const int Usage = 2;

    /// <summary>Our own fault (EX_SOFTWARE of sysexits.h).</summary>
    public const int Bug = 70;

    /// <summary>Ended by Ctrl-C: 128 and the number of SIGINT, as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>The reader of our output has gone: 128 and the number of SIGPIPE, as shells count.</summary>
    public const int OutputClosed = 141;

    private const int BrokenPipe = 32; // EPIPE, the same number on Linux and macOS

    private const string TraceVariable = "FOURTEEN_TRACE";

    /// <summary>How every command line is read: a text that starts with @ is a text, not the name of a file with
    /// arguments.
    /// </summary>
    internal static ParserConfiguration Parsing { get; } =
        new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public static async Task<int> Main(string[] args)
    {
        using var interrupts = new Interrupts();
        return await RunAsync(args, StandardStreams.OfProcess(interrupts), interrupts.Token);
    }

    /// <summary>Runs one command line. Throws nothing: the exit code and standard error say what happened.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, StandardStreams streams, CancellationToken cancellation)
    {
        int code;
        try
        {
            code = await InvokeAsync(args, streams, cancellation);
            await streams.Output.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (Exception e) when (e is UsageException or PlatformNotSupportedException)
        {
            code = Complain(streams, e, Usage); // The latter is FOURTEEN_ISA, which names a path that is not here.
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            code = Interrupted;
        }
        catch (IOException e) when (e.HResult == BrokenPipe && !OperatingSystem.IsWindows())
        {
            return OutputClosed; // "| head" has seen enough: nothing to tell
        }
        catch (Exception e) when (e is ModelFileException or RequestException or TemplateException or SamplingException
            or IOException or UnauthorizedAccessException)
        {
            code = Complain(streams, e, Failure);
        }
        catch (Exception e)
        {
            streams.Error.WriteLine($"fourteen: this is a fault of ours: {e.GetType().Name}: {OneLine(e.Message)}");
            streams.Error.WriteLine(
                $"fourteen: please report it with the stack trace, which {TraceVariable}=1 in the environment shows");
            Trace(streams, e);
            code = Bug;
        }

        await FlushAfterFailureAsync(streams);
        return code;
    }

    /// <summary>What was answered before the failure is of use. If it cannot be written, that was the failure.
    /// </summary>
    private static async Task FlushAfterFailureAsync(StandardStreams streams)
    {
        try
        {
            await streams.Output.FlushAsync(CancellationToken.None);
        }
        catch (IOException)
        {
        }
    }

    private static async Task<int> InvokeAsync(
        IReadOnlyList<string> args, StandardStreams streams, CancellationToken cancellation)
    {
        Command root = CreateRoot(streams);
        ParseResult parsed = root.Parse(args, Parsing);
        if (parsed.Action is ParseErrorAction or null)
            throw new UsageException(Describe(parsed, root));
        if (parsed.Action == parsed.CommandResult.Command.Action)
            RefuseUnknownOptions(parsed, args);
        var invocation = new InvocationConfiguration
        {
            Output = streams.Output,
            Error = streams.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Ctrl-C arrives through the token
        };
        return await parsed.InvokeAsync(invocation, cancellation);
    }

    /// <summary>No RootCommand: it takes its name from the running program, and adds directives.</summary>
    private static Command CreateRoot(StandardStreams streams)
    {
        var root = new Command("fourteen", "Fourteen: language models on your own machine.")
        {
            new HelpOption { Action = new HelpWithExamples(), Recursive = true },
            new VersionOption(),
        };
        foreach (Verb verb in CommandTable.Verbs)
            root.Add(verb.ToCommand(streams));
        return root;
    }

    /// <summary>The parser takes an unknown option for a value; a mistyped one must not become the text.</summary>
    private static void RefuseUnknownOptions(ParseResult parsed, IReadOnlyList<string> args)
    {
        HashSet<string> beforeDashes = [.. args.TakeWhile(arg => arg != "--")];
        string? unknown = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(result => result.Tokens).Select(token => token.Value)
            .FirstOrDefault(value => value.Length > 1 && value[0] == '-' && beforeDashes.Contains(value));
        if (unknown is not null)
        {
            throw new UsageException($"there is no option {unknown} (a text that starts with - goes after --); "
                + $"see fourteen {parsed.CommandResult.Command.Name} --help");
        }
    }

    private static string Describe(ParseResult parsed, Command root)
    {
        Command command = parsed.CommandResult.Command;
        string help = command == root ? "fourteen --help" : $"fourteen {command.Name} --help";
        if (command == root)
        {
            string verbs = string.Join(", ", CommandTable.Verbs.Select(verb => verb.Name));
            string found = parsed.Tokens.Count == 0 ? "" : $", found {parsed.Tokens[0].Value}";
            return $"the first argument must be one of {verbs}{found}; see {help}";
        }

        string problems = string.Join("; ", parsed.Errors.Select(error => OneLine(error.Message).TrimEnd('.')));
        return $"{problems}; see {help}";
    }

    private static int Complain(StandardStreams streams, Exception problem, int code)
    {
        streams.Error.WriteLine($"fourteen: {OneLine(problem.Message)}");
        Trace(streams, problem);
        return code;
    }

    private static void Trace(StandardStreams streams, Exception problem)
    {
        if (Environment.GetEnvironmentVariable(TraceVariable) == "1")
            streams.Error.WriteLine(problem.ToString());
    }

    private static string OneLine(string message) =>
        TerminalText.WithoutControls(message.ReplaceLineEndings(" ")).Trim();
}
