using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Streaming;
using Fourteen.Server.Hosting;
using Fourteen.Server.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fourteen.Server.Endpoints;

/// <summary>Answers every endpoint that generates, whatever its dialect: body → request → events → body.</summary>
internal static class Generating
{
    /// <summary>Bytes after which a stream is sent though more is ready: what a packet holds, roughly.</summary>
    private const int FlushBytes = 8192;

    internal static Func<HttpContext, ServerState, Task> Handler(ChatOperation operation) =>
        (context, state) => HandleAsync(context, state, operation);

    private static async Task HandleAsync(HttpContext context, ServerState state, ChatOperation operation)
    {
        RequestDraft draft;
        using (JsonDocument body = await JsonBody.ReadAsync(context, state.Options))
            draft = operation.Read(body.RootElement);
        Prompts.NameIgnored(context, draft);
        ServedModel served = state.Models.Find(draft.Chat.Model);
        bool unloads = draft.LoadOnly && draft.KeepAlive == TimeSpan.Zero;
        if (unloads)
            await served.UnloadAsync(context.RequestAborted);
        using ModelLease? lease = unloads
            ? null
            : await served.LeaseAsync(draft.KeepAlive, null, context.RequestAborted);
        var header = new ResponseHeader(Guid.NewGuid().ToString("N"), served.Name, state.Clock.GetUtcNow())
        {
            LoadTime = lease?.LoadTime ?? TimeSpan.Zero,
        };
        context.Response.Headers["X-Request-Id"] = header.Id;
        if (lease is null || draft.LoadOnly)
        {
            // Dialects that know empty prompts have an answer for them.
            await JsonBody.WriteAsync(
                context, StatusCodes.Status200OK, json => operation.WriteLoaded!(draft, header, json));
            return;
        }

        await AnswerAsync(context, state, operation, draft, header, lease);
    }

    private static async Task AnswerAsync(
        HttpContext context, ServerState state, ChatOperation operation, RequestDraft draft, ResponseHeader header,
        ModelLease lease)
    {
        ResponseWriter writer = operation.CreateWriter(draft, header);
        (ChatRequest chat, Notice? notice) = Prompts.Normalize(draft, state);
        chat = chat with { Tenant = context.Items[RequestPipeline.TenantItem] as string };
        CancellationToken aborted = context.RequestAborted;
        IAsyncEnumerable<ChatEvent> events = new LocalProvider(state.Engine, lease.Model, state.Clock)
            .StreamAsync(chat, aborted).Observe(state, header, chat, aborted);
        if (notice is not null)
            events = WithNotice(events, notice);
        if (draft.Stream)
        {
            await StreamAsync(context, state, writer, events);
            return;
        }

        ChatAnswer answer = await events.CollectAsync(aborted);
        await JsonBody.WriteAsync(context, StatusCodes.Status200OK, json => writer.WriteWhole(answer, json));
    }

    /// <summary>The notice right behind the first event.</summary>
    private static async IAsyncEnumerable<ChatEvent> WithNotice(IAsyncEnumerable<ChatEvent> events, Notice notice)
    {
        await foreach (ChatEvent item in events)
        {
            yield return item;
            if (item is Started)
                yield return notice;
        }
    }

    /// <summary>
    /// Sends events as they come. Until the first one nothing is sent, so that a request that is refused has a status;
    /// after it a failure is told within the stream.
    /// </summary>
    private static async Task StreamAsync(
        HttpContext context, ServerState state, ResponseWriter writer, IAsyncEnumerable<ChatEvent> events)
    {
        using var frames = new FrameBuffer(writer.Form);
        await using IAsyncEnumerator<ChatEvent> reader = events.GetAsyncEnumerator(context.RequestAborted);
        Task<bool> next = reader.MoveNextAsync().AsTask();
        bool isMore = await next;
        Begin(context, writer.Form);
        try
        {
            while (isMore)
            {
                writer.Write(reader.Current, frames);
                next = reader.MoveNextAsync().AsTask();
                if (!next.IsCompleted || frames.Written.Length >= FlushBytes)
                    await SendAsync(context, state.Options, frames);
                isMore = await WaitAsync(next, context, state, frames);
            }
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            writer.WriteFailure(state.Faults.ToFailure(e), frames);
        }
        finally
        {
            // A client that has gone ends the events too; they must have ended before their reader is disposed of.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await SendAsync(context, state.Options, frames);
    }

    /// <summary>Waits for the next event, and shows meanwhile that the stream lives.</summary>
    private static async Task<bool> WaitAsync(
        Task<bool> next, HttpContext context, ServerState state, FrameBuffer frames)
    {
        while (!next.IsCompleted)
        {
            try
            {
                return await next.WaitAsync(state.Options.PingAfter, state.Clock);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                frames.AddComment();
                await SendAsync(context, state.Options, frames);
            }
        }

        return await next;
    }

    private static void Begin(HttpContext context, StreamForm form)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType =
            form == StreamForm.ServerSentEvents ? "text/event-stream; charset=utf-8" : "application/x-ndjson";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold the stream back.
    }

    /// <summary>Sends what waits; a client that does not take it within its deadline is cut off.</summary>
    private static async Task SendAsync(HttpContext context, ServerOptions options, FrameBuffer frames)
    {
        if (frames.Written.Length == 0)
            return;
        try
        {
            await context.Response.BodyWriter.WriteAsync(frames.Written, context.RequestAborted)
                .AsTask().WaitAsync(options.ReaderDeadline, context.RequestAborted);
        }
        catch (TimeoutException)
        {
            context.Abort();
            throw new OperationCanceledException("The client did not read its answer in time.");
        }

        frames.Clear();
    }
}
