using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.Anthropic;

/// <summary>
/// Answers of Anthropic's messages. A stream is a sequence of blocks, of which one is open at a time: a thought, a text
/// or a call. Signatures of thoughts are empty, as nobody here checks them.
/// </summary>
internal sealed class AnthropicMessageWriter(RequestDraft request, ResponseHeader header)
    : ResponseWriter(request, header)
{
    private const string Prefix = "msg_";

    private readonly List<Notice> _notices = [];
    private readonly Dictionary<int, int> _blockByCall = [];
    private BlockKind _open;
    private int _blocks;
    private Finished? _end;

    private enum BlockKind
    {
        None,
        Thinking,
        Text,
        ToolUse,
    }

    public override StreamForm Form => StreamForm.ServerSentEvents;

    public override void Write(ChatEvent item, FrameBuffer frames)
    {
        switch (item)
        {
            case Started started:
                WriteStart(started, frames);
                break;
            case Notice notice:
                _notices.Add(notice);
                break;
            case PromptProgress:
                WriteEvent("ping", frames, _ => { });
                break;
            case ThoughtDelta delta when Request.IncludeReasoning:
                Open(BlockKind.Thinking, frames, WriteThinking);
                WriteDelta(_blocks, "thinking_delta", "thinking", delta.Text, frames);
                break;
            case TextDelta delta:
                Open(BlockKind.Text, frames, WriteText);
                WriteDelta(_blocks, "text_delta", "text", delta.Text, frames);
                break;
            case ToolCallStarted call:
                Close(frames);
                Open(BlockKind.ToolUse, frames, json => WriteToolUse(json, call.Id, call.Name));
                _blockByCall[call.Index] = _blocks;
                break;
            case ToolCallDelta delta:
                WriteDelta(_blockByCall[delta.Index], "input_json_delta", "partial_json", delta.Arguments, frames);
                break;
            case ToolCallEnded:
                Close(frames);
                break;
            case Finished end:
                _end = end;
                Close(frames);
                break;
            case Completed completed:
                WriteEnd(completed.Usage, frames);
                break;
        }
    }

    public override void WriteFailure(Failure failure, FrameBuffer frames)
    {
        AnthropicJson.WriteError(failure, frames.Begin("error"));
        frames.End();
    }

    public override void WriteWhole(ChatAnswer answer, Utf8JsonWriter json)
    {
        ChatChoice choice = answer.Choices[0];
        json.WriteStartObject();
        WriteHead(json);
        json.WriteStartArray("content");
        List<Notice> notices = [.. answer.Notices];
        if (choice.Thought.Length > 0 && Request.IncludeReasoning)
            WriteBlock(json, () => WriteThinking(json, choice.Thought));
        if (choice.Text.Length > 0)
            WriteBlock(json, () => WriteText(json, choice.Text));
        foreach (GeneratedCall call in choice.ToolCalls)
        {
            json.WriteStartObject();
            json.WriteString("type", "tool_use");
            json.WriteString("id", call.Id);
            json.WriteString("name", call.Name);
            json.WritePropertyName("input");
            if (!WireJson.WriteObject(json, call.Arguments))
                notices.Add(NoticeJson.CutOff(call));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        AnthropicJson.WriteStop(json, choice.Reason, choice.StopString);
        Usage usage = answer.Usage;
        AnthropicJson.WriteUsage(json, usage.PromptTokens, usage.CompletionTokens, usage.CachedTokens);
        NoticeJson.Write(json, notices);
        json.WriteEndObject();
    }

    private void WriteStart(Started started, FrameBuffer frames)
    {
        WriteEvent("message_start", frames, json =>
        {
            json.WriteStartObject("message");
            WriteHead(json);
            json.WriteStartArray("content");
            json.WriteEndArray();
            json.WriteNull("stop_reason");
            json.WriteNull("stop_sequence");
            AnthropicJson.WriteUsage(json, started.PromptTokens, 0, null);
            json.WriteEndObject();
        });
        WriteEvent("ping", frames, _ => { });
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id", Prefix + Header.Id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", Header.Model);
    }

    private void WriteEnd(Usage usage, FrameBuffer frames)
    {
        WriteEvent("message_delta", frames, json =>
        {
            json.WriteStartObject("delta");
            AnthropicJson.WriteStop(json, _end?.Reason ?? FinishReason.Stop, _end?.StopString);
            json.WriteEndObject();
            AnthropicJson.WriteUsage(json, usage.PromptTokens, usage.CompletionTokens, usage.CachedTokens);
            NoticeJson.Write(json, _notices);
        });
        WriteEvent("message_stop", frames, _ => { });
    }

    /// <summary>Opens a block unless one of its kind is open; the index of an open one is <c>_blocks</c>.</summary>
    private void Open(BlockKind kind, FrameBuffer frames, Action<Utf8JsonWriter> write)
    {
        if (_open == kind)
            return;
        Close(frames);
        _open = kind;
        WriteEvent("content_block_start", frames, json =>
        {
            json.WriteNumber("index", _blocks);
            json.WriteStartObject("content_block");
            write(json);
            json.WriteEndObject();
        });
    }

    private void Close(FrameBuffer frames)
    {
        if (_open == BlockKind.None)
            return;
        if (_open == BlockKind.Thinking)
            WriteDelta(_blocks, "signature_delta", "signature", "", frames);
        WriteEvent("content_block_stop", frames, json => json.WriteNumber("index", _blocks));
        _open = BlockKind.None;
        _blocks++;
    }

    private static void WriteDelta(int index, string type, string name, string text, FrameBuffer frames) =>
        WriteEvent("content_block_delta", frames, json =>
        {
            json.WriteNumber("index", index);
            json.WriteStartObject("delta");
            json.WriteString("type", type);
            json.WriteString(name, text);
            json.WriteEndObject();
        });

    /// <summary>An event whose data repeats its name as its type.</summary>
    private static void WriteEvent(string name, FrameBuffer frames, Action<Utf8JsonWriter> write)
    {
        Utf8JsonWriter json = frames.Begin(name);
        json.WriteStartObject();
        json.WriteString("type", name);
        write(json);
        json.WriteEndObject();
        frames.End();
    }

    private static void WriteBlock(Utf8JsonWriter json, Action write)
    {
        json.WriteStartObject();
        write();
        json.WriteEndObject();
    }

    private static void WriteThinking(Utf8JsonWriter json) => WriteThinking(json, "");

    private static void WriteThinking(Utf8JsonWriter json, string thought)
    {
        json.WriteString("type", "thinking");
        json.WriteString("thinking", thought);
        json.WriteString("signature", "");
    }

    private static void WriteText(Utf8JsonWriter json) => WriteText(json, "");

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteString("type", "text");
        json.WriteString("text", text);
    }

    private static void WriteToolUse(Utf8JsonWriter json, string id, string name)
    {
        json.WriteString("type", "tool_use");
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WriteStartObject("input");
        json.WriteEndObject();
    }
}
