using System.Text.Json;
using Fourteen.Cli.Output;

namespace Fourteen.Cli.Batches;

/// <summary>
/// Answers a file of JSON lines, line for line and in order. A row that cannot be used becomes a line with its error,
/// and the others go on. Empty lines are passed over.
/// </summary>
internal static class BatchRun
{
    private const int ErrorColumnsMax = 200;

    /// <param name="streams">Where the answers go.</param>
    /// <param name="file">The file, or <c>-</c> for standard input.</param>
    /// <param name="answer">
    /// Row and its number, counted from 1, to the members of its answer; <see cref="RowException"/> for a row that
    /// cannot be used.
    /// </param>
    /// <param name="cancellation">Ends between two rows.</param>
    /// <returns>The exit code: failure where a row could not be used.</returns>
    public static async Task<int> RunAsync(
        StandardStreams streams,
        string file,
        Func<BatchRow, int, Action<Utf8JsonWriter>> answer,
        CancellationToken cancellation)
    {
        bool piped = file == "-";
        await using FileStream? opened = piped ? null : File.OpenRead(file);
        var lines = new LineReader(opened ?? streams.Input, piped ? "standard input" : file);
        using var progress = new ProgressLine(streams, piped ? "bytes" : Path.GetFileName(file));
        using var json = new JsonLine();
        var failures = new Failures();

        while (await lines.ReadAsync(cancellation) is { } line)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!IsBlank(line.Span))
                await streams.Output.WriteLineAsync(Answer(line, lines.LineNumber, answer, json, failures));
            if (piped)
                await streams.Output.FlushAsync(cancellation); // who writes into the pipe may wait for this answer
            progress.Report(lines.BytesDone, opened?.Length ?? 0);
        }

        if (failures.Count == 0)
            return Program.Success;
        await streams.Output.FlushAsync(cancellation);
        await streams.Error.WriteLineAsync(
            $"fourteen: {file}: {failures.Count} of {failures.Rows} rows could not be used; first {failures.First}");
        return Program.Failure;
    }

    private static string Answer(
        ReadOnlyMemory<byte> line,
        int number,
        Func<BatchRow, int, Action<Utf8JsonWriter>> answer,
        JsonLine json,
        Failures failures)
    {
        failures.Rows++;
        try
        {
            return json.Format(answer(BatchRow.Parse(line), number));
        }
        catch (RowException e)
        {
            failures.Add($"row {number}: {e.Message}");
            return json.Format(writer =>
            {
                writer.WriteString("error", $"row {number}: {e.Message}");
                writer.WriteNumber("row", number);
            });
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    private sealed class Failures
    {
        public int Rows { get; set; }

        public int Count { get; private set; }

        public string First { get; private set; } = "";

        public void Add(string message)
        {
            if (Count++ == 0)
                First = message.Length <= ErrorColumnsMax ? message : $"{message[..ErrorColumnsMax]}…";
        }
    }
}
