using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Streaming;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>One frame of a stream.</summary>
/// <param name="Name">The event's name, or null.</param>
/// <param name="Text">Its data.</param>
internal sealed record Frame(string? Name, string Text)
{
    internal JsonNode Json => JsonNode.Parse(Text)!;
}

/// <summary>Writes events in a dialect, and reads what was written as a client does.</summary>
internal static class DialectRun
{
    internal static ResponseHeader Header { get; } = new(
        "abc", "tiny", new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddTicks(1_234_567));

    internal static List<Frame> Stream(string path, RequestDraft draft, IEnumerable<ChatEvent> events)
    {
        ResponseWriter writer = Bodies.Endpoint(path).Chat!.CreateWriter(draft, Header);
        using var frames = new FrameBuffer(writer.Form);
        foreach (ChatEvent item in events)
            writer.Write(item, frames);
        return Parse(frames);
    }

    /// <summary>The stream, and then a failure in place of its rest.</summary>
    internal static List<Frame> Fail(string path, RequestDraft draft, IEnumerable<ChatEvent> events, Failure failure)
    {
        ResponseWriter writer = Bodies.Endpoint(path).Chat!.CreateWriter(draft, Header);
        using var frames = new FrameBuffer(writer.Form);
        foreach (ChatEvent item in events)
            writer.Write(item, frames);
        writer.WriteFailure(failure, frames);
        return Parse(frames);
    }

    internal static async Task<JsonNode> WholeAsync(string path, RequestDraft draft, IEnumerable<ChatEvent> events)
    {
        ChatAnswer answer = await EventScripts.Stream(events).CollectAsync(TestContext.Current.CancellationToken);
        return Json(json => Bodies.Endpoint(path).Chat!.CreateWriter(draft, Header).WriteWhole(answer, json));
    }

    internal static JsonNode Json(Action<Utf8JsonWriter> write) => JsonNode.Parse(Text(write))!;

    /// <summary>JSON that stands on several lines here and on one there.</summary>
    internal static string Line(string text) => text.ReplaceLineEndings("");

    internal static string Text(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(bytes, options))
            write(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Fails where a frame is not framed as its form wants it.</summary>
    internal static List<Frame> Parse(FrameBuffer frames)
    {
        string text = Encoding.UTF8.GetString(frames.Written.Span);
        Assert.DoesNotContain('\r', text);
        if (text.Length == 0)
            return [];
        if (frames.Form == StreamForm.Lines)
        {
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
            return [.. text[..^1].Split('\n').Select(line => new Frame(null, line))];
        }

        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        var parsed = new List<Frame>();
        foreach (string frame in text[..^2].Split("\n\n"))
        {
            string[] lines = frame.Split('\n');
            string? name = lines[0].StartsWith("event: ", StringComparison.Ordinal) ? lines[0][7..] : null;
            string data = Assert.Single(name is null ? lines : lines[1..]);
            Assert.StartsWith("data: ", data, StringComparison.Ordinal);
            parsed.Add(new Frame(name, data[6..]));
        }

        return parsed;
    }
}
