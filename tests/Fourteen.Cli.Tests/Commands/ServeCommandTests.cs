using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Cli.Output;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>The server from the command line: it says where it is, answers, and ends when it is told to.</summary>
public sealed class ServeCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Serve_AnswersUntilItIsToldToEnd()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var output = new MemoryStream();
        var error = new MemoryStream();
        Task<int> server = Program.RunAsync(
            ["serve", "--port", "0", "--log-level", "none"], new StandardStreams(Stream.Null, output, error),
            ending.Token);
        string ready = await LineAsync(output, server);
        Assert.StartsWith("fourteen is ready at http://127.0.0.1:", ready, StringComparison.Ordinal);

        using var http = new HttpClient { BaseAddress = new Uri(ready.Split(' ')[^1]) };
        HttpResponseMessage response = await http.PostAsJsonAsync(
            "/v1/chat/completions",
            JsonNode.Parse("""
                {"messages": [{"role": "user", "content": "Name the capital city of France."}], "temperature": 0}
                """),
            Token);
        JsonNode answer = (await response.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.Contains("Paris", (string?)answer["choices"]![0]!["message"]!["content"], StringComparison.Ordinal);

        await ending.CancelAsync();
        Assert.Equal(Program.Success, await server);
    }

    [Fact]
    public async Task Serve_BeyondThisMachineWithoutKey_IsRefused()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("serve", "--host", "0.0.0.0", "--port", "0");
        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("--api-key", run.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("colour: red", "there is no option colour")]
    [InlineData("port: many", "--port must be")]
    [InlineData("insecure: perhaps", "insecure must be true or false")]
    [InlineData("- port", "must be options")]
    [InlineData("port: [", "line")]
    [InlineData("config: other.yaml", "there is no option config")]
    public async Task Config_ThatIsWrong_IsRefusedWithItsPlace(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "server.yaml");
        await File.WriteAllTextAsync(path, text, Token);
        CommandLineRun run = await CommandLineRun.OfAsync("serve", "--config", path);
        Assert.Equal(Program.Usage, run.Code);
        Assert.Contains(expected, run.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("server.yaml", run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_GivesOptions_AndTheCommandLineWins()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "server.yaml");
        await File.WriteAllTextAsync(path, "host: 0.0.0.0\nport: 0\ninsecure: false\n", Token);

        // The file's host needs a key; the command line's does not, but its port is none of a machine's.
        CommandLineRun fromFile = await CommandLineRun.OfAsync("serve", "--config", path);
        CommandLineRun fromLine = await CommandLineRun.OfAsync("serve", "--config", path, "--host", "nowhere");

        Assert.Contains("0.0.0.0", fromFile.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("nowhere", fromLine.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Soak_OfAFewSeconds_FindsEveryAnswerEqual()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "bench", SharedFiles.Model("qwen3-tiny-chat/model.gguf"), "--soak", "3", "-b", "8");
        Assert.Contains("0 differ from what they are alone, 0 failed", run.Output, StringComparison.Ordinal);
        Assert.Contains("0 running, 0 waiting, 0 cache blocks in use", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServeBench_OfATinyModel_PrintsARowForEachNumberOfClients()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "bench", SharedFiles.Model("qwen3-tiny-chat/model.gguf"), "--serve", "-b", "1,2", "-p", "16", "-n", "8",
            "-r", "2", "--long-prompt", "300", "--json");
        Assert.Equal(Program.Success, run.Code);
        JsonNode report = JsonNode.Parse(run.Output)!;
        Assert.Equal([1, 2], report["rows"]!.AsArray().Select(row => (int)row!["clients"]!));
        Assert.All(report["rows"]!.AsArray(), row => Assert.True((double)row!["tokens_per_second"]! > 0));
        Assert.Equal(300, (int)report["long_prompt"]!["tokens"]!);
    }

    /// <summary>The first line that the server says, which it does when it is ready.</summary>
    private static async Task<string> LineAsync(MemoryStream output, Task<int> server)
    {
        while (true)
        {
            string text = Encoding.UTF8.GetString(output.ToArray());
            if (text.EndsWith('\n'))
                return text.TrimEnd();
            Assert.False(server.IsCompleted, "the server has ended before it was ready");
            await Task.Delay(20, Token);
        }
    }
}
