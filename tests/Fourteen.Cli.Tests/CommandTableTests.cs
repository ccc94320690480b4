using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests;

/// <summary>What holds for every verb: a new row of the table is tested by these without new code.</summary>
public sealed class CommandTableTests
{
    public static TheoryData<string> Verbs => [.. CommandTable.Verbs.Select(verb => verb.Name)];

    [Theory, MemberData(nameof(Verbs))]
    public async Task Help_OfEachVerb_EqualsItsFile(string verb)
    {
        string file = Path.Combine(
            SharedFiles.RepositoryRoot, "tests", "Fourteen.Cli.Tests", "Help", $"{verb}.txt");

        CommandLineRun run = await CommandLineRun.OfAsync(verb, "--help");

        Assert.Equal(Program.Success, run.Code);
        Assert.Empty(run.Error);
        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), WithoutBlanksAtEnd(run));
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task UnknownOption_OfEachVerb_IsAUsageError(string verb)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(verb, "--no-such-option");

        Assert.Equal(Program.Usage, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains("--no-such-option", run.Error, StringComparison.Ordinal);
        Assert.Contains($"see fourteen {verb} --help", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void EachVerb_HasADescriptionAndExamplesOfItself()
    {
        Assert.All(CommandTable.Verbs, verb =>
        {
            Assert.EndsWith(".", verb.Description, StringComparison.Ordinal);
            Assert.NotEmpty(verb.Examples);
            Assert.All(verb.Examples, example =>
                Assert.Contains($"fourteen {verb.Name} ", $"{example} ", StringComparison.Ordinal));
        });
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task Examples_OfEachVerb_HaveOptionsThatItsHelpLists(string verb)
    {
        CommandLineRun help = await CommandLineRun.OfAsync(verb, "--help");

        string options = help.Output.Split("Options:")[1].Split("Examples:")[0];
        IEnumerable<string> used = CommandTable.Verbs.Single(row => row.Name == verb).Examples
            .SelectMany(example => example.Split(' ')).Where(word => word.Length > 1 && word[0] == '-');
        Assert.All(used, option => Assert.Matches($@"(?m)^  (-\w, )?{option}[ ,]", options));
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task Help_OfEachVerb_FitsEightyColumns(string verb)
    {
        CommandLineRun help = await CommandLineRun.OfAsync(verb, "--help");

        Assert.All(help.Lines, line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void HelpFiles_StandForVerbsThatExist()
    {
        string folder = Path.Combine(SharedFiles.RepositoryRoot, "tests", "Fourteen.Cli.Tests", "Help");

        Assert.Equal(
            CommandTable.Verbs.Select(verb => verb.Name).Order(),
            Directory.EnumerateFiles(folder, "*.txt").Select(Path.GetFileNameWithoutExtension).Order());
    }

    /// <summary>The wrapped lines of the help end in blanks, which an editor would take out of the file.</summary>
    private static string WithoutBlanksAtEnd(CommandLineRun run) =>
        string.Join('\n', run.Output.Split('\n').Select(line => line.TrimEnd()));
}
