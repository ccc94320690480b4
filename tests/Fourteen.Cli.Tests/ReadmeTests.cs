using System.Text.RegularExpressions;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests;

/// <summary>What the README tells a new user to type is what works, and what it shows is what comes out.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme =
        File.ReadAllText(Path.Combine(SharedFiles.RepositoryRoot, "README.md")).ReplaceLineEndings("\n");

    [Fact]
    public async Task FirstCommand_OfTheReadme_GivesTheAnswerThatItShows()
    {
        Match shown = FirstCommand().Match(Readme);
        Assert.True(shown.Success, "the README's first block runs the program, and the next shows the output");
        string prompt = shown.Groups["prompt"].Value;

        CommandLineRun run = await CommandLineRun.OfAsync("run", "-p", prompt, "--temp", "0");

        Assert.Equal(Program.Success, run.Code);
        Assert.Equal(shown.Groups["answer"].Value, run.Output.Trim());
    }

    [Fact]
    public void Verbs_OfTheReadme_AreThoseOfTheProgram()
    {
        IEnumerable<string> shown = TableRow().Matches(Readme).Select(row => row.Groups["verb"].Value);
        Assert.Equal(CommandTable.Verbs.Select(verb => verb.Name).Order(), shown.Order());
    }

    [GeneratedRegex(
        "```sh\ndotnet run .* -- run -p \"(?<prompt>[^\"]+)\" --temp 0\n```\n\n```\n(?<answer>[^\n]+)\n")]
    private static partial Regex FirstCommand();

    [GeneratedRegex(@"^\| `fourteen (?<verb>\w+)", RegexOptions.Multiline)]
    private static partial Regex TableRow();
}
