using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>Conversations whose lines come through a pipe.</summary>
public sealed class ChatCommandTests
{
    private const string Peru = "What is the capital of Peru?";

    private static string Tiny => SharedFiles.Model("qwen3-tiny-chat/model.gguf");

    [Fact]
    public async Task Chat_AtTheEndOfTheInput_Ends()
    {
        CommandLineRun run = await ChatAsync();

        Assert.Equal(Program.Success, run.Code);
        Assert.Empty(run.Output);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Chat_OfTwoTurns_KeepsTheHistory()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "talk.json");

        CommandLineRun run = await ChatAsync(Peru, "What is 3 + 4?", "/stats", $"/save {file}");

        Assert.Equal("The capital of Peru is Lima.\n3 + 4 = 7\n", run.Output);
        Assert.Equal(
            [("user", Peru), ("assistant", "The capital of Peru is Lima."),
                ("user", "What is 3 + 4?"), ("assistant", "3 + 4 = 7")],
            Messages(file));
        Assert.Contains("; 4 messages\n", run.Error, StringComparison.Ordinal);
        Assert.Contains($"4 messages saved to {file}.", run.Error, StringComparison.Ordinal);
        // The second prompt holds the first turn.
        Assert.Equal(["15", "40"], InputTokens(run).Take(2));
    }

    [Fact]
    public async Task Chat_SavedAndLoaded_GoesOnAsBefore()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "talk.json");

        await ChatAsync("/no_think", "/system Be short.", Peru, $"/save {file}");
        CommandLineRun loaded = await ChatAsync("/no_think", $"/load {file}", "What is 3 + 4?");
        CommandLineRun whole = await ChatAsync("/no_think", "/system Be short.", Peru, "What is 3 + 4?");

        Assert.Equal(("system", "Be short."), Messages(file)[0]);
        Assert.Contains($"2 messages loaded from {file}.", loaded.Error, StringComparison.Ordinal);
        Assert.Equal(InputTokens(whole)[1], Assert.Single(InputTokens(loaded)));
        Assert.Equal(whole.Lines[^1], loaded.Lines[^1]);
    }

    [Fact]
    public async Task Clear_AfterATurn_ForgetsIt()
    {
        CommandLineRun run = await ChatAsync(Peru, "/clear", Peru);

        Assert.Equal(["15", "15"], InputTokens(run));
    }

    [Fact]
    public async Task System_SetAndRemoved_IsPartOfThePromptBetween()
    {
        CommandLineRun run = await ChatAsync(
            "/no_think", Peru, "/clear", "/system Be short.", Peru, "/clear", "/system", Peru);

        string[] tokens = InputTokens(run);
        Assert.Equal(tokens[0], tokens[2]);
        Assert.NotEqual(tokens[0], tokens[1]);
        Assert.Contains("There is no system message now.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThinkSwitches_BetweenTurns_TurnTheThoughtOffAndOn()
    {
        CommandLineRun run = await ChatAsync("/no_think", Peru, "/thought", "/clear", $"/think {Peru}", "/thought");

        const string Thought = "The user asks for the capital of Peru. It is Lima.\n";
        Assert.Equal("The capital of Peru is Lima.\nThe capital of Peru is Lima.\n", run.Output);
        Assert.Contains("There was no thought before the last answer.", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, run.Error.Split(Thought).Length); // as it came, and by /thought
    }

    [Fact]
    public async Task Think_WithAModelThatCannot_SaysSo()
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync("/think\n", "chat");

        Assert.Equal(Program.Success, run.Code);
        Assert.Contains("cannot think", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfAConversation_ListsEveryCommand()
    {
        CommandLineRun run = await ChatAsync("/help");

        foreach (string command in (string[])["/help", "/clear", "/system", "/think", "/no_think", "/thought", "/save",
            "/load", "/stats", "/exit"])
        {
            Assert.Contains($"\n  {command} ", $"\n{run.Error}", StringComparison.Ordinal);
        }

        Assert.All(run.Error.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public async Task Exit_BeforeTheEndOfTheInput_LeavesTheRest()
    {
        CommandLineRun run = await ChatAsync("/exit", Peru);

        Assert.Equal(Program.Success, run.Code);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Stats_BeforeAnAnswer_SaysThatThereIsNone()
    {
        Assert.Contains("no complete answer", (await ChatAsync("/stats")).ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ThatIsUnknown_IsNamedAndNotSent()
    {
        CommandLineRun run = await ChatAsync("/sytem Be short.");

        Assert.Empty(run.Output);
        Assert.Equal("There is no command /sytem; /help lists them.", run.ErrorLine);
    }

    [Fact]
    public async Task Message_ThatStartsWithAPath_IsAMessage()
    {
        CommandLineRun run = await ChatAsync("/usr/bin is what?");

        Assert.Single(InputTokens(run));
    }

    [Fact]
    public async Task Message_InFences_IsOneTextOfSeveralLines()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "talk.json");

        await ChatAsync("\"\"\"What is", "the capital", "of Peru?\"\"\"", $"/save {file}");

        Assert.Equal(("user", "What is\nthe capital\nof Peru?"), Messages(file)[0]);
    }

    [Theory]
    [InlineData("[{\"role\":\"user\"}]", "\"content\"")]
    [InlineData("[{\"role\":\"robot\",\"content\":\"x\"}]", "robot")]
    [InlineData("{}", "array")]
    [InlineData("[", "JSON")]
    public async Task Load_OfWhatIsNoConversation_SaysWhyAndGoesOn(string content, string named)
    {
        using var folder = new TemporaryFolder();

        CommandLineRun run = await ChatAsync($"/load {folder.Write("bad.json", content)}", Peru);

        Assert.Contains("could not be loaded", run.Error, StringComparison.Ordinal);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
        Assert.Equal("The capital of Peru is Lima.\n", run.Output);
    }

    [Theory]
    [InlineData("/save")]
    [InlineData("/load")]
    public async Task File_OfACommand_MustBeNamedAndUsable(string command)
    {
        CommandLineRun run = await ChatAsync(command, $"{command} /no/such/folder/talk.json");

        Assert.Equal(Program.Success, run.Code);
        Assert.Contains($"{command} needs the name of a file.", run.Error, StringComparison.Ordinal);
        Assert.Contains("could not be", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_ThatIsFull_IsToldAndTheChatGoesOn()
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync(
            $"{Peru}\n{Peru}\n/clear\n{Peru}\n", "chat", Tiny, "--temp", "0", "--no-think", "--ctx", "32");

        Assert.Equal(Program.Success, run.Code);
        Assert.Contains("/clear forgets the conversation", run.Error, StringComparison.Ordinal);
        Assert.Equal("The capital of Peru is Lima.", run.Lines[0]);
        Assert.Equal("The capital of Peru is Lima.", run.Lines[^1]);
    }

    private static Task<CommandLineRun> ChatAsync(params string[] lines) => CommandLineRun.WithInputAsync(
        string.Concat(lines.Select(line => $"{line}\n")), "chat", Tiny, "--temp", "0");

    /// <summary>What the statistics say of each prompt.</summary>
    private static string[] InputTokens(CommandLineRun run) =>
    [
        .. run.Error.Split('\n').Where(line => line.Contains(" tokens in, "))
            .Select(line => line.Split(' ')[0]),
    ];

    private static (string, string)[] Messages(string file) =>
    [
        .. Golden.Parse(File.ReadAllText(file)).EnumerateArray().Select(Message),
    ];

    // A message that lacks one of them fails the test here.
    private static (string, string) Message(JsonElement item) =>
        (item.GetProperty("role").GetString()!, item.GetProperty("content").GetString()!);
}
