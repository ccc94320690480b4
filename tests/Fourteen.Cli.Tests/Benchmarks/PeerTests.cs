using System.Diagnostics;
using System.Text.Json;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Benchmarks;

/// <summary>Peers that are shell scripts: one that works, and those that do not.</summary>
public sealed class PeerTests : IDisposable
{
    private const string Rows = """
        [{"n_prompt": 8, "n_gen": 0, "avg_ts": 100.0}, {"n_prompt": 0, "n_gen": 2, "avg_ts": 10.0}]
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model = TinyModel.Write("qwen3", GgmlType.Q8_0, seed: 1);

    [Fact]
    public async Task Peer_ThatAnswers_IsComparedInTurn()
    {
        string calls = Path.Combine(_folder.Path, "calls");
        string peer = Script($"echo \"$@\" >> {calls}\ncat <<'END'\n{Rows}\nEND\n");

        CommandLineRun run = await RunAsync(peer, "-r", "3", "-t", "1", "--peer-args", "-rtr 1", "--json");

        Assert.Equal(Program.Success, run.Code);
        JsonElement json = Golden.Parse(Assert.Single(run.Lines));
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.Equal([100.0, 10.0], rows.Select(row => row.GetProperty("peer_tokens_per_second").GetDouble()));
        Assert.All(rows, row => Assert.True(
            row.GetProperty("ratio_least").GetDouble() <= row.GetProperty("ratio").GetDouble()
            && row.GetProperty("ratio").GetDouble() <= row.GetProperty("ratio_most").GetDouble()));
        Assert.Equal("-rtr 1", json.GetProperty("peer_args").GetString());
        string[] lines = await File.ReadAllLinesAsync(calls, TestContext.Current.CancellationToken);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Equal($"-m {_model} -p 8 -n 2 -t 1 -r 1 -o json -rtr 1", line));
    }

    [Fact]
    public async Task Peer_InATable_FitsEightyColumnsAndShowsItsFlags()
    {
        string peer = Script($"cat <<'END'\n{Rows}\nEND\n");

        CommandLineRun run = await RunAsync(peer, "-r", "2", "-t", "1");

        Assert.Equal(Program.Success, run.Code);
        Assert.Contains("-o json", run.Output, StringComparison.Ordinal);
        string[] table = [.. run.Lines.SkipWhile(line => !line.StartsWith("test ", StringComparison.Ordinal))];
        Assert.Equal(3, table.Length);
        Assert.All(table, line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("echo no such option >&2; exit 3", "it ended with code 3: no such option")]
    [InlineData("echo hello", "its output holds no result")]
    [InlineData("echo '[{\"n_prompt\": 9, \"avg_ts\": 1}]'", "no row for pp8")]
    [InlineData("yes", "prints more than")]
    public async Task Peer_ThatIsNone_IsAFailure(string script, string said)
    {
        CommandLineRun run = await RunAsync(Script(script), "-r", "2", "-t", "1");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains(said, run.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peer_ThatHangs_IsEnded()
    {
        string pid = Path.Combine(_folder.Path, "pid");
        string peer = Script($"echo $$ > {pid}\nexec sleep 600\n");

        CommandLineRun run = await RunAsync(peer, "-r", "2", "-t", "1", "--peer-timeout", "1");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Contains("took more than the 1 s", run.ErrorLine, StringComparison.Ordinal);
        int id = int.Parse(await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken));
        Assert.True(HasEnded(id), "the peer still runs");
    }

    public void Dispose()
    {
        _folder.Dispose();
        File.Delete(_model);
    }

    private Task<CommandLineRun> RunAsync(string peer, params string[] more) =>
        CommandLineRun.OfAsync(["bench", _model, "-p", "8", "-n", "2", "--peer", peer, .. more]);

    private string Script(string body)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the peers of this test are shell scripts");
        string path = _folder.Write("peer", $"#!/bin/sh\n{body}");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>A process that was killed is gone, or waits to be reaped for a moment.</summary>
    private static bool HasEnded(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return process.WaitForExit(5000);
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
