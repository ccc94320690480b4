using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Fourteen.Cli.Output;
using Fourteen.Engine.Benchmarks;

namespace Fourteen.Cli.Benchmarks;

/// <summary>
/// Another program with the options of llama-bench, run once for each repetition. It is not trusted: its output is
/// bounded, its time too, and it ends with us.
/// </summary>
internal sealed class PeerProgram
{
    /// <summary>A row of llama-bench's JSON has about a kilobyte.</summary>
    private const int OutputCharsMax = 4 << 20;

    /// <summary>What a message shows of standard error.</summary>
    private const int ErrorCharsShown = 200;

    private readonly BenchSettings _settings;
    private readonly string _path;
    private readonly string _model;

    private PeerProgram(BenchSettings settings, string path, string model)
    {
        _settings = settings;
        _path = path;
        _model = model;
    }

    /// <summary>Checks that program and model are files.</summary>
    public static PeerProgram Open(BenchSettings settings)
    {
        string path = settings.PeerPath!; // Called where there is a peer.
        if (!File.Exists(path))
            throw new UsageException($"--peer: there is no program {path}; give its path");
        string model = ModelTimer.FileOf(settings)!; // A peer excludes synthetic models.
        if (!File.Exists(model))
            throw new UsageException($"--peer: {model} must be one GGUF file, which both can read");
        return new PeerProgram(settings, Path.GetFullPath(path), Path.GetFullPath(model));
    }

    /// <summary>Program and arguments, as somebody would repeat them.</summary>
    public string Describe() => string.Join(' ', [_settings.PeerPath!, .. Arguments(_settings.Threads[0])]);

    /// <summary>All tests once.</summary>
    /// <exception cref="IOException">It does not start, fails, takes too long, or prints no result.</exception>
    public async Task<IReadOnlyList<PeerRow>> RunAsync(int threads, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_settings.PeerTimeout);
        using Process process = Start(threads);
        try
        {
            process.StandardInput.Close();
            Task<string> output = ReadAsync(process.StandardOutput, timeout.Token);
            Task<string> error = ReadAsync(process.StandardError, timeout.Token);
            // The first that fails counts: the other stream may stay open for ever.
            await foreach (Task<string> read in Task.WhenEach(output, error))
                await read;
            await process.WaitForExitAsync(timeout.Token);
            if (process.ExitCode != 0)
                throw Failed($"it ended with code {process.ExitCode}", await error);
            IReadOnlyList<PeerRow> rows = PeerOutput.Parse(await output);
            return rows.Count > 0 ? rows : throw Failed("its output holds no result of llama-bench", await error);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failed($"it took more than the {_settings.PeerTimeout.TotalSeconds} s of --peer-timeout", "");
        }
        finally
        {
            End(process);
        }
    }

    /// <summary>The rate of a test among the peer's rows.</summary>
    public double Find(IReadOnlyList<PeerRow> rows, BenchmarkTest test)
    {
        PeerRow? found = rows.FirstOrDefault(row =>
            row.Prompt == test.Prompt && row.Generate == test.Generate && row.Depth == test.Depth);
        return found?.TokensPerSecond ?? throw Failed(
            $"its output has no row for {test.Name} at depth {test.Depth}, only "
            + string.Join(", ", rows.Take(8).Select(row => $"pp{row.Prompt} tg{row.Generate} d{row.Depth}")), "");
    }

    private List<string> Arguments(int threads)
    {
        List<string> arguments =
        [
            "-m", _model, "-p", string.Join(',', _settings.Prompts), "-n", string.Join(',', _settings.Generates),
            "-t", threads.ToString(CultureInfo.InvariantCulture), "-r", "1", "-o", "json",
        ];
        // Older programs do not know depths.
        if (_settings.Depths.Any(depth => depth > 0))
            arguments.AddRange(["-d", string.Join(',', _settings.Depths)]);
        arguments.AddRange(_settings.PeerArguments);
        return arguments;
    }

    private Process Start(int threads)
    {
        var start = new ProcessStartInfo(_path, Arguments(threads))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        try
        {
            return Process.Start(start) ?? throw Failed("it does not start", "");
        }
        catch (Win32Exception e)
        {
            throw Failed($"it does not start: {e.Message}", "");
        }
    }

    /// <summary>A stream to its end; more than the limit is an error.</summary>
    private async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        char[] piece = new char[1 << 14];
        while (await reader.ReadAsync(piece, cancellation) is int read and > 0)
        {
            if (text.Length + read > OutputCharsMax)
                throw Failed($"it prints more than {OutputCharsMax} characters", "");
            text.Append(piece, 0, read);
        }

        return text.ToString();
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself meanwhile.
        }
    }

    private IOException Failed(string problem, string error)
    {
        string tail = TerminalText.WithoutControls(error.Trim());
        tail = tail.Length > ErrorCharsShown ? $"…{tail[^ErrorCharsShown..]}" : tail;
        return new IOException($"--peer {_path}: {problem}{(tail.Length > 0 ? $": {tail}" : "")}");
    }
}
