using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fourteen.Cli.Benchmarks;
using Fourteen.Cli.Output;
using Fourteen.Engine.Benchmarks;
using Spectre.Console;

namespace Fourteen.Cli.ServeBenchmarks;

/// <summary>
/// <c>fourteen bench --serve</c>: what clients of a server see, over HTTP, one table row for each number of clients at
/// once, and what running streams see while a long prompt is read.
/// </summary>
internal sealed class ServeBench(BenchSettings settings, StandardStreams streams)
{
    /// <summary>Streams that run while the long prompt is read.</summary>
    private const int StreamsBesideLongPrompt = 4;

    /// <summary>Ids below this are ordinary tokens in every vocabulary that is measured.</summary>
    private const int LowTokens = 400;

    private readonly Random _random = new(14); // Prompts of a run are those of the next.

    internal async Task RunAsync(CancellationToken cancellation)
    {
        int clients = settings.Batches.Max();
        int positions = settings.Prompts[0] + settings.Generates[0] + 8;
        int longest = Math.Max(positions, settings.LongPrompt + 8);
        await using ServeSession session = await ServeSession.StartAsync(
            settings, Math.Max(clients, StreamsBesideLongPrompt) + 1, longest, streams, cancellation);
        using var client = new CompletionClient(session.Address);
        await client.AskAsync(Ask(settings.Prompts[0], 8), null, cancellation); // Warms up.
        var rows = new List<ServeRow>();
        foreach (int count in settings.Batches)
        {
            double engine = await EngineRateAsync(session, count, cancellation);
            rows.Add(await MeasureAsync(client, count, engine, cancellation));
        }

        LongPromptResult? beside = settings.LongPrompt > 0
            ? await MeasureLongPromptAsync(client, cancellation)
            : null;
        if (settings.Format == BenchFormat.Json)
            PrintJson(rows, beside);
        else
            PrintTable(rows, beside);
    }

    /// <summary>What the engine generates by itself, without a server, with as many sequences at the same depth.
    /// </summary>
    private async Task<double> EngineRateAsync(ServeSession session, int batch, CancellationToken cancellation)
    {
        var test = new BenchmarkTest(0, settings.Generates[0], batch, settings.Prompts[0]);
        IReadOnlyList<BenchmarkRound> rounds = await session.Engine.MeasureAsync(
            session.Model, test, settings.Repetitions, null, cancellation);
        return rounds.Average(round => round.TokensPerSecond);
    }

    private async Task<ServeRow> MeasureAsync(
        CompletionClient client, int clients, double engine, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(streams, $"{clients} clients");
        var answers = new List<CompletionTimes>();
        double seconds = 0, decodeTokens = 0, decodeSeconds = 0;
        for (int round = 0; round < settings.Repetitions; round++)
        {
            long start = Stopwatch.GetTimestamp();
            CompletionTimes[] together = await Task.WhenAll(Enumerable.Range(0, clients).Select(
                _ => client.AskAsync(Ask(settings.Prompts[0], settings.Generates[0]), null, cancellation)));
            seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            answers.AddRange(together);
            // While all of them generate: from the last one's first piece to the first one's last.
            long from = together.Max(answer => answer.Pieces[0]), to = together.Min(answer => answer.Pieces[^1]);
            decodeTokens += together.Sum(answer => answer.Pieces.Count(piece => piece > from && piece <= to));
            decodeSeconds += Math.Max(0, Stopwatch.GetElapsedTime(from, to).TotalSeconds);
            progress.Report(round + 1, settings.Repetitions);
        }

        double[] first = [.. answers.Select(answer => answer.FirstMs).Order()];
        double[] gaps = [.. answers.SelectMany(answer => answer.GapsMs).Order()];
        return new ServeRow(
            clients, answers.Count, answers.Sum(answer => answer.Tokens) / seconds,
            decodeSeconds > 0 ? decodeTokens / decodeSeconds : 0, engine, Percentiles.Of(first), Percentiles.Of(gaps));
    }

    /// <summary>Streams run; a long prompt comes; how long did they wait for a piece until it was read?</summary>
    private async Task<LongPromptResult> MeasureLongPromptAsync(
        CompletionClient client, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(streams, $"a prompt of {settings.LongPrompt} tokens");
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int tokens = settings.LongPrompt - settings.Prompts[0]; // As long as there is room for.
        var pieces = new ConcurrentQueue<long>[StreamsBesideLongPrompt];
        var running = new Task[StreamsBesideLongPrompt];
        for (int i = 0; i < running.Length; i++)
        {
            ConcurrentQueue<long> own = pieces[i] = new ConcurrentQueue<long>();
            running[i] = client.AskAsync(Ask(settings.Prompts[0], tokens), own.Enqueue, done.Token);
        }

        while (pieces.Any(queue => queue.Count < 4) && !running.Any(task => task.IsCompleted))
            await Task.Delay(10, cancellation);
        CompletionTimes answer = await client.AskAsync(Ask(settings.LongPrompt, 1), null, cancellation);
        await done.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        double[] gaps =
        [
            .. pieces.SelectMany(queue => Gaps([.. queue], answer.Sent, answer.Pieces[0])).Order(),
        ];
        return new LongPromptResult(
            answer.FirstMs, Percentiles.Of(gaps), [.. Gaps([.. pieces[0]], answer.Sent, answer.Pieces[0])]);
    }

    /// <summary>Milliseconds between neighbours of which the second came between two moments.</summary>
    private static IEnumerable<double> Gaps(long[] pieces, long from, long to) =>
        pieces.Zip(pieces.Skip(1)).Where(pair => pair.Second >= from && pair.Second <= to)
            .Select(pair => Stopwatch.GetElapsedTime(pair.First, pair.Second).TotalMilliseconds);

    private CompletionAsk Ask(int prompt, int tokens)
    {
        int[] ids = new int[prompt];
        lock (_random)
        {
            for (int i = 0; i < prompt; i++)
                ids[i] = _random.Next(LowTokens);
            return new CompletionAsk(ids, tokens, (ulong)_random.Next());
        }
    }

    private void PrintTable(List<ServeRow> rows, LongPromptResult? beside)
    {
        Table table = Tables.Create(
            ("clients", true), ("t/s", true), ("decode", true), ("engine", true), ("first", true), ("95 %", true),
            ("gap", true), ("99 %", true), ("max", true));
        foreach (ServeRow row in rows)
        {
            table.AddRow(
                Text(row.Clients), Text(row.TokensPerSecond), Text(row.DecodeTokensPerSecond),
                string.Create(CultureInfo.InvariantCulture, $"{100 * row.DecodeTokensPerSecond / row.EngineRate:F0} %"),
                Text(row.FirstMs.P50), Text(row.FirstMs.P95), Text(row.GapMs.P50), Text(row.GapMs.P99),
                Text(row.GapMs.Max));
        }

        Tables.ConsoleOver(streams).Write(table);
        streams.Output.WriteLine(
            "t/s: all generated tokens over all the time; decode: while all clients generate, and as a\n"
            + "share of what the engine does by itself; first: ms to the first piece, median and 95 %;\n"
            + "gap: ms between pieces, median, 99 % and longest.");
        if (beside is not null)
        {
            streams.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"A prompt of {settings.LongPrompt} tokens beside {StreamsBesideLongPrompt} streams: read in "
                + $"{beside.FirstMs / 1000:F1} s; the streams' gaps meanwhile: median {beside.GapMs.P50:F0}, 99 % "
                + $"{beside.GapMs.P99:F0}, longest {beside.GapMs.Max:F0} ms of {settings.MaxInterTokenMs} allowed."));
        }
    }

    private void PrintJson(List<ServeRow> rows, LongPromptResult? beside) => JsonLine.Print(streams, json =>
    {
        json.WriteStartArray("rows");
        foreach (ServeRow row in rows)
        {
            json.WriteStartObject();
            json.WriteNumber("clients", row.Clients);
            json.WriteNumber("requests", row.Requests);
            json.WriteNumber("tokens_per_second", row.TokensPerSecond);
            json.WriteNumber("decode_tokens_per_second", row.DecodeTokensPerSecond);
            json.WriteNumber("engine_tokens_per_second", row.EngineRate);
            row.FirstMs.Write(json, "ttft_ms");
            row.GapMs.Write(json, "itl_ms");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (beside is null)
            return;
        json.WriteStartObject("long_prompt");
        json.WriteNumber("tokens", settings.LongPrompt);
        json.WriteNumber("max_itl_ms", settings.MaxInterTokenMs);
        json.WriteNumber("ttft_ms", beside.FirstMs);
        beside.GapMs.Write(json, "itl_ms");
        json.WriteStartArray("first_stream_itl_ms"); // In order of time.
        foreach (double gap in beside.FirstStreamMs)
            json.WriteNumberValue(Math.Round(gap, 1));
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static string Text(double value) => value.ToString(value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
