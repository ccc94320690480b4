using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Endpoints;
using Fourteen.Server.Hosting;

namespace Fourteen.Server.Metrics;

/// <summary>Counts, times and logs the events of a request while they pass.</summary>
internal static class RequestObserver
{
    internal static async IAsyncEnumerable<ChatEvent> Observe(
        this IAsyncEnumerable<ChatEvent> events, ServerState state, ResponseHeader header, ChatRequest request,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        (ServerMetrics metrics, string model, TimeProvider clock) = (state.Metrics, header.Model, state.Clock);
        using Activity? span = RequestLog.Begin(header.Id, model, request);
        state.Requests.Asked(header.Id, request);
        var said = new StringBuilder();
        long started = clock.GetTimestamp();
        var newest = new Dictionary<int, long>(); // By choice, when its newest piece came.
        var reasons = new List<string>(); // Counted at the end: whoever leaves before it was not answered.
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
                        if (state.Options.LogPrompts)
                            said.Append((item as TextDelta)?.Text);
                        break;
                    case Finished end:
                        reasons.Add(end.Reason == FinishReason.Length ? "length" : "stop");
                        break;
                    case Completed completed:
                        isComplete = true;
                        foreach (string reason in reasons)
                            metrics.CountEnd(model, reason);
                        Usage usage = completed.Usage;
                        metrics.Record(MetricTable.TimeToFirstToken, model, usage.TimeToFirstToken.TotalSeconds);
                        metrics.Record(MetricTable.RequestLatency, model, clock.GetElapsedTime(started).TotalSeconds);
                        metrics.RecordUsage(model, usage);
                        RequestLog.End(span, usage);
                        state.Requests.Said(header.Id, said.ToString());
                        state.Requests.Answered(header.Id, model, request.Tenant, usage);
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
