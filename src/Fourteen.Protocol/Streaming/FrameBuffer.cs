using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fourteen.Protocol.Streaming;

/// <summary>How pieces of a stream are told apart.</summary>
public enum StreamForm
{
    /// <summary>Server-sent events: "data: …" and an empty line.</summary>
    ServerSentEvents,

    /// <summary>One JSON text a line.</summary>
    Lines,
}

/// <summary>
/// Bytes of a stream that wait to be sent: JSON texts, each framed as its form wants it. One owner; whoever sends them
/// calls <see cref="Clear"/>.
/// </summary>
public sealed class FrameBuffer(StreamForm form) : IDisposable
{
    /// <summary>JSON in which people can read their own language.</summary>
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null, Options);

    public StreamForm Form => form;

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>Begins a frame; the caller writes one JSON value and calls <see cref="End"/>.</summary>
    /// <param name="name">For server-sent events, the event's name; null for none.</param>
    public Utf8JsonWriter Begin(string? name)
    {
        if (form == StreamForm.ServerSentEvents)
        {
            if (name is not null)
            {
                Append("event: "u8);
                Encoding.UTF8.GetBytes(name.AsSpan(), _bytes);
                Append("\n"u8);
            }

            Append("data: "u8);
        }

        _json.Reset(_bytes);
        return _json;
    }

    public void End()
    {
        _json.Flush();
        Append(form == StreamForm.ServerSentEvents ? "\n\n"u8 : "\n"u8);
    }

    /// <summary>A frame of server-sent events that is no JSON, as OpenAI's API ends its streams.</summary>
    public void AddText(ReadOnlySpan<byte> text)
    {
        Append("data: "u8);
        Append(text);
        Append("\n\n"u8);
    }

    /// <summary>A line that clients skip: it keeps a connection open while nothing else comes.</summary>
    public void AddComment()
    {
        if (form == StreamForm.ServerSentEvents)
            Append(":\n\n"u8);
    }

    public void Clear() => _bytes.ResetWrittenCount();

    public void Dispose() => _json.Dispose();

    private void Append(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
}
