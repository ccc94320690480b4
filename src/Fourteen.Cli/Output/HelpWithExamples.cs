using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fourteen.Cli.Output;

/// <summary>The usual help of a command, and after it the examples of <see cref="CommandTable"/>.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    /// <summary>The same text on every terminal, so that it can be tested and quoted, and none wraps it again.
    /// </summary>
    private const int ColumnsMax = 80;

    private readonly HelpAction _usual = new() { MaxWidth = ColumnsMax };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = _usual.Invoke(parseResult);
        Command command = parseResult.CommandResult.Command;
        IEnumerable<string> examples = command == parseResult.RootCommandResult.Command
            ? CommandTable.Verbs.Select(verb => verb.Examples[0])
            : CommandTable.Verbs.Single(verb => verb.Name == command.Name).Examples;

        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in examples)
            output.WriteLine($"  {example}");
        return code;
    }
}
