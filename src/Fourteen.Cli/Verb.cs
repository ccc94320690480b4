using System.CommandLine;
using Fourteen.Cli.Output;

namespace Fourteen.Cli;

/// <summary>One row of <see cref="CommandTable"/>.</summary>
/// <param name="Name">What the user types after <c>fourteen</c>.</param>
/// <param name="Description">What it does, in one sentence.</param>
/// <param name="Examples">Whole command lines, the most usual one first.</param>
/// <param name="Define">Adds arguments, options and the action to a new command that prints to the streams.</param>
public sealed record Verb(
    string Name, string Description, IReadOnlyList<string> Examples, Action<Command, StandardStreams> Define)
{
    internal Command ToCommand(StandardStreams streams)
    {
        var command = new Command(Name, Description);
        Define(command, streams);
        return command;
    }
}
