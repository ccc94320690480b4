using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fourteen.Engine.Answers;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Models;
using Fourteen.Engine.Requests;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine;

/// <summary>
/// Answers chat requests with a loaded model: request → prompt text → tokens → sequence, and its events back. Any
/// thread may call it; requests in flight at once are computed together.
/// </summary>
public sealed class LocalProvider(InferenceEngine engine, LoadedModel model, TimeProvider clock) : IProvider
{
    /// <summary>Events of several answers that wait for a slow reader.</summary>
    private const int EventsMax = 256;

    /// <summary>From requests to prompts.</summary>
    public PromptRenderer Renderer { get; } = new(model, clock);

    /// <summary>
    /// Streams the answer; the last event is <see cref="Completed"/>. Throws <see cref="RequestException"/> where the
    /// request cannot be honoured and <see cref="TemplateException"/> where the template refuses it.
    /// </summary>
    public async IAsyncEnumerable<ChatEvent> StreamAsync(
        ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        RequestPlan plan = new RequestPlanner(model, Renderer).Plan(request);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            // Begun before anything is told: a request that finds the queue full is refused as a whole.
            IAsyncEnumerable<GenerationEvent> first = engine.Generate(model, plan.First, left.Token);
            yield return new Started(plan.First.Prompt.Length);
            foreach (Notice notice in plan.Notices)
                yield return notice;
            var usage = new UsageSum(plan);
            IAsyncEnumerable<ChatEvent> events = request.Choices == 1
                ? EventsOf(plan, 0, first, usage)
                : MergeAsync(plan, first, usage, left.Token);
            await foreach (ChatEvent item in events.ConfigureAwait(false))
                yield return item;
            yield return new Completed(usage.Total());
        }
        finally
        {
            // A reader that leaves early must not keep the sequences going.
            await left.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// All answers, their events as they come. The first one goes ahead until its prompt is computed: the others then
    /// find it in the cache.
    /// </summary>
    private async IAsyncEnumerable<ChatEvent> MergeAsync(
        RequestPlan plan, IAsyncEnumerable<GenerationEvent> first, UsageSum usage,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var merged = Channel.CreateBounded<ChatEvent>(EventsMax);
        var running = new List<Task>();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running.Add(PumpAsync(EventsOf(plan, 0, first, usage), merged.Writer, ready, left.Token));
        running.Add(FollowAsync());
        _ = CompleteAsync(running, merged.Writer);
        try
        {
            await foreach (ChatEvent item in merged.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return item;
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task FollowAsync()
        {
            await ready.Task.ConfigureAwait(false);
            IEnumerable<Task> others = Enumerable.Range(1, plan.Request.Choices - 1).Select(choice => PumpAsync(
                EventsOf(plan, choice, engine.Generate(model, plan.Of(choice), left.Token), usage), merged.Writer,
                ready, left.Token));
            await Task.WhenAll([.. others]).ConfigureAwait(false);
        }
    }

    /// <param name="ready">Set when the prompt is computed, or will never be.</param>
    private static async Task PumpAsync(
        IAsyncEnumerable<ChatEvent> events, ChannelWriter<ChatEvent> merged, TaskCompletionSource ready,
        CancellationToken cancellation)
    {
        try
        {
            await foreach (ChatEvent item in events.WithCancellation(cancellation).ConfigureAwait(false))
            {
                if (item is not PromptProgress)
                    ready.TrySetResult();
                await merged.WriteAsync(item, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            ready.TrySetResult();
        }
    }

    /// <summary>Ends the channel when all answers have ended, with the first fault where there is one.</summary>
    private static async Task CompleteAsync(List<Task> running, ChannelWriter<ChatEvent> merged)
    {
        var all = Task.WhenAll(running);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        merged.TryComplete(all.Exception?.InnerException ?? (all.IsCanceled ? new OperationCanceledException() : null));
    }

    private async IAsyncEnumerable<ChatEvent> EventsOf(
        RequestPlan plan, int choice, IAsyncEnumerable<GenerationEvent> events, UsageSum usage,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var calls = new CallIds(model.Text.ToolCalls.Format);
        await foreach (GenerationEvent item in events.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (item.End is { } end)
            {
                foreach (string warning in end.Warnings)
                    yield return new Notice("tool_call", warning) { Choice = choice };
                usage.Add(choice, end);
                yield return new Finished(end.Reason, end.StopString) { Choice = choice };
                continue;
            }

            if (item.PromptComputed is not null && choice > 0)
                continue; // One prompt has one progress.
            yield return ToEvent(item, plan, calls) with { Choice = choice };
        }
    }

    private ChatEvent ToEvent(GenerationEvent item, RequestPlan plan, CallIds calls)
    {
        if (item.PromptComputed is { } computed)
            return new PromptProgress(computed, plan.First.Prompt.Length);
        if (item.PromptScores is { } prompt)
            return new PromptScored([.. prompt.Select(ToScored)]);
        if (item.Score is { } score)
            return new TokensScored([ToScored(score)]);
        AnswerDelta delta = item.Delta;
        return delta.Part switch
        {
            AnswerPart.Thought => new ThoughtDelta(delta.Text),
            AnswerPart.CallName => new ToolCallStarted(delta.Call, calls.Next(), delta.Text),
            AnswerPart.CallArguments => new ToolCallDelta(delta.Call, delta.Text),
            AnswerPart.CallEnd => new ToolCallEnded(delta.Call),
            AnswerPart.CallBroken => new ToolCallBroken(delta.Call),
            _ => new TextDelta(delta.Text),
        };
    }

    private ScoredToken ToScored(TokenScore score) => new(
        score.Id, model.Text.Tokenizer.Bytes(score.Id).ToArray(), score.Logprob,
        [.. score.Top.Select(other => ToScored(new TokenScore(other.Id, other.Logprob, [])))]);
}
