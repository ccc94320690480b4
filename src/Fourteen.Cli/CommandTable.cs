using Fourteen.Cli.Commands;

namespace Fourteen.Cli;

/// <summary>Every verb of the command line, in the order in which help lists them.</summary>
public static class CommandTable
{
    public static IReadOnlyList<Verb> Verbs { get; } =
    [
        RunCommand.Verb,
        ChatCommand.Verb,
        ServeCommand.Verb,
        ShowCommand.Verb,
        LogitsCommand.Verb,
        TokenizeCommand.Verb,
        TemplateCommand.Verb,
        BenchCommand.Verb,
    ];
}
