using System.Runtime.CompilerServices;
using Fourteen.Protocol.Chat;

namespace Fourteen.Server.Metrics;

/// <summary>Counts and times the events of a request while they pass.</summary>
internal static class RequestObserver
{
    internal static async IAsyncEnumerable<ChatEvent> Observe(
        this IAsyncEnumerable<ChatEvent> events, ServerMetrics metrics, string model, TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        var newest = new Dictionary<int, long>(); // By choice, when its newest piece came.
        bool isComplete = false;
        try
        {
            await foreach (ChatEvent item in events.WithCancellation(cancellation))
            {
                switch (item)
                {
                    case TextDelta or ThoughtDelta or ToolCallStarted or ToolCallDelta:
                        long now = clock.GetTimestamp();
                        if (newest.TryGetValue(item.Choice, out long before))
                        {
                            metrics.Record(
                                MetricTable.InterTokenLatency, model, clock.GetElapsedTime(before, now).TotalSeconds);
                        }

                        newest[item.Choice] = now;
                        break;
                    case Finished end:
                        metrics.CountEnd(model, end.Reason == FinishReason.Length ? "length" : "stop");
                        break;
                    case Completed completed:
                        isComplete = true;
                        Usage usage = completed.Usage;
                        metrics.Record(MetricTable.TimeToFirstToken, model, usage.TimeToFirstToken.TotalSeconds);
                        metrics.Record(MetricTable.RequestLatency, model, clock.GetElapsedTime(started).TotalSeconds);
                        metrics.RecordUsage(model, usage);
                        break;
                }

                yield return item;
            }
        }
        finally
        {
            if (!isComplete)
            {
                metrics.Count(
                    cancellation.IsCancellationRequested ? MetricTable.Cancelled : MetricTable.Failed, model, 1);
            }
        }
    }
}
