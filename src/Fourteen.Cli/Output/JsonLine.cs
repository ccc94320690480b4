using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fourteen.Cli.Output;

/// <summary>Writes JSON objects, each as one line. Reuses its buffer; for one thread.</summary>
internal sealed class JsonLine : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer;

    public JsonLine()
    {
        // Nothing here goes into a web page, so < and & may stay readable.
        _writer = new Utf8JsonWriter(
            _buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>An object with the members that <paramref name="writeMembers"/> writes, without a line's end.
    /// </summary>
    public string Format(Action<Utf8JsonWriter> writeMembers)
    {
        _buffer.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        writeMembers(_writer);
        _writer.WriteEndObject();
        _writer.Flush();
        return Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>One document on a line of standard output.</summary>
    public static void Print(StandardStreams streams, Action<Utf8JsonWriter> writeMembers)
    {
        using var line = new JsonLine();
        streams.Output.WriteLine(line.Format(writeMembers));
    }
}
