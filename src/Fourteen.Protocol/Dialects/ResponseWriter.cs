using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects;

/// <summary>What a response says of itself.</summary>
/// <param name="Id">Random and unique, without a dialect's prefix.</param>
/// <param name="Model">The name that the model is served under.</param>
/// <param name="Created">When the request came.</param>
public sealed record ResponseHeader(string Id, string Model, DateTimeOffset Created)
{
    /// <summary>How long the model was loaded for this request; zero where it was there.</summary>
    public TimeSpan LoadTime { get; init; }
}

/// <summary>
/// Writes one response in a dialect: either a stream, event by event, or a whole. Pure: it writes to the buffers that
/// it is given. One owner.
/// </summary>
public abstract class ResponseWriter(RequestDraft request, ResponseHeader header)
{
    protected RequestDraft Request { get; } = request;

    protected ResponseHeader Header { get; } = header;

    /// <summary>How streams of this dialect are framed.</summary>
    public abstract StreamForm Form { get; }

    /// <summary>
    /// The next event of a stream; <see cref="Started"/> comes first and <see cref="Completed"/> last. May write
    /// nothing.
    /// </summary>
    public abstract void Write(ChatEvent item, FrameBuffer frames);

    /// <summary>Ends a stream that has begun and cannot go on.</summary>
    public abstract void WriteFailure(Failure failure, FrameBuffer frames);

    /// <summary>The answer as one JSON value.</summary>
    public abstract void WriteWhole(ChatAnswer answer, Utf8JsonWriter json);
}

/// <summary>An endpoint that generates, in the terms of its dialect.</summary>
public sealed record ChatOperation
{
    /// <summary>A few words for the API's page.</summary>
    public required string Summary { get; init; }

    /// <summary>All fields of its body.</summary>
    public required FieldTable Fields { get; init; }

    /// <summary>Whether a body without "stream" asks for a stream.</summary>
    public bool StreamsByDefault { get; init; }

    /// <summary>Checks what concerns several fields, and fills in what follows from them; after the fields.</summary>
    public required Action<RequestDraft> Complete { get; init; }

    public required Func<RequestDraft, ResponseHeader, ResponseWriter> CreateWriter { get; init; }

    /// <summary>The answer where <see cref="RequestDraft.LoadOnly"/> is set and done; null where that cannot be.
    /// </summary>
    public Action<RequestDraft, ResponseHeader, Utf8JsonWriter>? WriteLoaded { get; init; }

    /// <summary>Reads a body; all that a dialect refuses is refused here.</summary>
    /// <exception cref="RequestException">A field is refused or wrong.</exception>
    public RequestDraft Read(JsonElement body)
    {
        var draft = new RequestDraft { Stream = StreamsByDefault };
        Fields.Read(draft, WireJson.Open(body));
        Complete(draft);
        return draft;
    }
}

/// <summary>An endpoint that takes a body and generates nothing; functions of its dialect write the answer.</summary>
public sealed record QueryOperation
{
    /// <inheritdoc cref="ChatOperation.Summary"/>
    public required string Summary { get; init; }

    /// <inheritdoc cref="ChatOperation.Fields"/>
    public required FieldTable Fields { get; init; }

    /// <inheritdoc cref="ChatOperation.Complete"/>
    public required Action<RequestDraft> Complete { get; init; }

    /// <inheritdoc cref="ChatOperation.Read"/>
    public RequestDraft Read(JsonElement body)
    {
        var draft = new RequestDraft();
        Fields.Read(draft, WireJson.Open(body));
        Complete(draft);
        return draft;
    }
}
