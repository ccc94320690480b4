using System.Text.Json;
using System.Threading.Channels;
using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.Sampling;

namespace Fourteen.Cli.Batches;

/// <summary>
/// Answers a file of JSON lines, line for line and in order. A row that cannot be used becomes a line with its error,
/// and the others go on. Empty lines are passed over.
/// </summary>
internal static class BatchRun
{
    private const int ErrorColumnsMax = 200;

    /// <summary>Answers row after row.</summary>
    /// <param name="answer">
    /// Row and its number, counted from 1, to the members of its answer; <see cref="RowException"/> for a row that
    /// cannot be used.
    /// </param>
    /// <inheritdoc cref="RunTogetherAsync"/>
    public static Task<int> RunAsync(
        StandardStreams streams,
        string file,
        Func<BatchRow, int, Action<Utf8JsonWriter>> answer,
        CancellationToken cancellation) =>
        RunTogetherAsync(
            streams, file, 1, (row, number, _) => Task.FromResult(answer(row, number)), cancellation);

    /// <summary>Answers rows with up to <paramref name="together"/> of them in flight at once.</summary>
    /// <param name="streams">Where the answers go.</param>
    /// <param name="file">The file, or <c>-</c> for standard input.</param>
    /// <param name="cancellation">Ends between two rows.</param>
    /// <returns>The exit code: failure where a row could not be used.</returns>
    public static async Task<int> RunTogetherAsync(
        StandardStreams streams,
        string file,
        int together,
        Func<BatchRow, int, CancellationToken, Task<Action<Utf8JsonWriter>>> answer,
        CancellationToken cancellation)
    {
        bool piped = file == "-";
        await using FileStream? opened = piped ? null : File.OpenRead(file);
        var lines = new LineReader(opened ?? streams.Input, piped ? "standard input" : file);
        using var progress = new ProgressLine(streams, piped ? "bytes" : Path.GetFileName(file));
        var failures = new Failures();
        // What ends the printing must end the reading too.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<Task<Outcome>> queue = Channel.CreateBounded<Task<Outcome>>(together);
        Task printing = PrintAsync(streams, queue.Reader, failures, piped, stop);
        try
        {
            while (await lines.ReadAsync(stop.Token) is { } line)
            {
                if (!IsBlank(line.Span))
                {
                    await queue.Writer.WriteAsync(
                        AnswerAsync(line, lines.LineNumber, answer, stop.Token), stop.Token);
                }

                progress.Report(lines.BytesDone, opened?.Length ?? 0);
            }

            queue.Writer.Complete();
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            queue.Writer.Complete(fault);
        }

        await printing;
        if (failures.Count == 0)
            return Program.Success;
        await streams.Output.FlushAsync(cancellation);
        await streams.Error.WriteLineAsync(
            $"fourteen: {file}: {failures.Count} of {failures.Rows} rows could not be used; first {failures.First}");
        return Program.Failure;
    }

    /// <summary>Prints answers in the order of their rows, each as soon as it is there.</summary>
    private static async Task PrintAsync(
        StandardStreams streams, ChannelReader<Task<Outcome>> queue, Failures failures, bool piped,
        CancellationTokenSource stop)
    {
        using var json = new JsonLine();
        try
        {
            await foreach (Task<Outcome> pending in queue.ReadAllAsync(CancellationToken.None))
            {
                Outcome outcome = await pending;
                failures.Add(outcome.Error);
                await streams.Output.WriteLineAsync(json.Format(outcome.Write));
                if (piped)
                    await streams.Output.FlushAsync(stop.Token); // Who writes into the pipe may wait for this answer.
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>The members of a row's answer, and what was wrong with the row where it could not be used.</summary>
    private sealed record Outcome(Action<Utf8JsonWriter> Write, string? Error);

    private static async Task<Outcome> AnswerAsync(
        ReadOnlyMemory<byte> line,
        int number,
        Func<BatchRow, int, CancellationToken, Task<Action<Utf8JsonWriter>>> answer,
        CancellationToken cancellation)
    {
        try
        {
            // Parsed before the first await: the line's memory is the reader's.
            return new Outcome(await answer(BatchRow.Parse(line), number, cancellation), null);
        }
        catch (Exception e) when (e is RowException or RequestException or UsageException or SamplingException)
        {
            string error = $"row {number}: {e.Message}";
            return new Outcome(
                writer =>
                {
                    writer.WriteString("error", error);
                    writer.WriteNumber("row", number);
                },
                error);
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    private sealed class Failures
    {
        public int Rows { get; private set; }

        public int Count { get; private set; }

        public string First { get; private set; } = "";

        /// <summary>Counts a row, and its error where it has one.</summary>
        public void Add(string? error)
        {
            Rows++;
            if (error is not null && Count++ == 0)
                First = error.Length <= ErrorColumnsMax ? error : $"{error[..ErrorColumnsMax]}…";
        }
    }
}
