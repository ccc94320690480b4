using System.Diagnostics;
using System.Globalization;
using Fourteen.Cli.Benchmarks;
using Fourteen.Cli.Output;
using Fourteen.Engine.Scheduling;

namespace Fourteen.Cli.ServeBenchmarks;

/// <summary>
/// <c>fourteen bench --soak</c>: many clients for a long time, some of which go away in the middle. Every answer that
/// is read to its end must be the one that the same request gets alone, to the letter; nothing may be left at the end,
/// and memory must stay flat.
/// </summary>
internal sealed class Soak(BenchSettings settings, StandardStreams streams)
{
    private const int Requests = 24; // Different ones: few enough to be answered alone first.
    private const int PromptTokensMax = 96;
    private const int AnswerTokensMax = 48;
    private const int LowTokens = 400;
    private const double LeavingShare = 0.3;

    /// <summary>
    /// MB a minute that memory may seem to grow by: over ten minutes it is less than what the collector's rhythm moves.
    /// </summary>
    private const double SlopeMbPerMinuteMax = 2;

    private readonly Random _random = new(14);
    private long _answered, _left, _different, _failed;

    /// <summary>Whether all went well.</summary>
    internal async Task<bool> RunAsync(CancellationToken cancellation)
    {
        int clients = settings.Batches.Max();
        await using ServeSession session = await ServeSession.StartAsync(
            settings, clients, PromptTokensMax + AnswerTokensMax + 8, streams, cancellation);
        using var client = new CompletionClient(session.Address);
        CompletionAsk[] asks = [.. Enumerable.Range(0, Requests).Select(_ => Ask())];
        string[] alone = new string[Requests];
        for (int i = 0; i < Requests; i++)
            alone[i] = (await client.AskAsync(asks[i], null, cancellation)).Text;

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var memory = new List<(double Minutes, double Megabytes)>();
        long start = Stopwatch.GetTimestamp();
        Task[] running =
        [
            .. Enumerable.Range(0, clients).Select(index => LoopAsync(client, asks, alone, index, end.Token)),
        ];
        using (var progress = new ProgressLine(streams, $"{clients} clients"))
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < settings.SoakSeconds)
            {
                await Task.Delay(1000, cancellation);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (seconds > settings.SoakSeconds * 0.2) // Before that pools and caches fill.
                    memory.Add((seconds / 60, Environment.WorkingSet / 1e6));
                progress.Report((int)seconds, settings.SoakSeconds);
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(running);
        return await ReportAsync(session, memory, cancellation);
    }

    private async Task LoopAsync(
        CompletionClient client, CompletionAsk[] asks, string[] alone, int index, CancellationToken end)
    {
        var random = new Random(index);
        while (!end.IsCancellationRequested)
        {
            int which = random.Next(asks.Length);
            bool leaves = random.NextDouble() < LeavingShare;
            CompletionAsk ask = asks[which] with { LeavesAfter = leaves ? random.Next(1, AnswerTokensMax) : null };
            try
            {
                CompletionTimes answer = await client.AskAsync(ask, null, end);
                bool isWhole = answer.Tokens > 0;
                Interlocked.Increment(ref isWhole ? ref _answered : ref _left);
                bool isSame = isWhole
                    ? answer.Text == alone[which]
                    : alone[which].StartsWith(answer.Text, StringComparison.Ordinal);
                if (!isSame)
                    Interlocked.Increment(ref _different);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RequestException or HttpRequestException or IOException)
            {
                Interlocked.Increment(ref _failed);
                await streams.Error.WriteLineAsync($"fourteen: {e.Message}");
            }
        }
    }

    private async Task<bool> ReportAsync(
        ServeSession session, List<(double Minutes, double Megabytes)> memory, CancellationToken cancellation)
    {
        ModelStatistics now = session.Model.Statistics;
        for (int i = 0; i < 100 && (now.Running > 0 || now.Waiting > 0 || now.KvBlocksInUse > 0); i++)
        {
            await Task.Delay(50, cancellation); // Those that were broken off end with the next step.
            now = session.Model.Statistics;
        }

        double slope = Slope(memory);
        bool isClean = now is { Running: 0, Waiting: 0, KvBlocksInUse: 0 };
        streams.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_answered} answers read to their end, {_left} left in the middle; {_different} differ from what they "
            + $"are alone, {_failed} failed."));
        streams.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"At the end {now.Running} running, {now.Waiting} waiting, {now.KvBlocksInUse} cache blocks in use; memory "
            + $"{(memory.Count > 0 ? memory[^1].Megabytes : 0):F0} MB, {slope:+0.00;-0.00} MB a minute."));
        return isClean && _different == 0 && _failed == 0 && _answered > 0 && slope < SlopeMbPerMinuteMax;
    }

    /// <summary>Of the line of least squares.</summary>
    private static double Slope(List<(double X, double Y)> points)
    {
        if (points.Count < 2)
            return 0;
        double x = points.Average(point => point.X), y = points.Average(point => point.Y);
        double spread = points.Sum(point => (point.X - x) * (point.X - x));
        return spread == 0 ? 0 : points.Sum(point => (point.X - x) * (point.Y - y)) / spread;
    }

    private CompletionAsk Ask()
    {
        int[] prompt = [.. Enumerable.Range(0, _random.Next(4, PromptTokensMax)).Select(_ => _random.Next(LowTokens))];
        return new CompletionAsk(prompt, _random.Next(8, AnswerTokensMax), (ulong)_random.Next()) { MayEnd = true };
    }
}
