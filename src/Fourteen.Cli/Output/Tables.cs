using Spectre.Console;

namespace Fourteen.Cli.Output;

/// <summary>Tables for people: at most 80 columns, and plain where nobody looks.</summary>
internal static class Tables
{
    private const int Columns = 80;

    /// <summary>A console that writes to standard output.</summary>
    public static IAnsiConsole ConsoleOver(StandardStreams streams)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(streams.Output),
            Ansi = streams.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = streams.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Columns;
        return console;
    }

    /// <summary>An empty table with named columns; numbers stand right.</summary>
    public static Table Create(params ReadOnlySpan<(string Name, bool IsNumber)> columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach ((string name, bool isNumber) in columns)
        {
            var column = new TableColumn(name) { Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = true };
            table.AddColumn(column);
        }

        return table;
    }
}
