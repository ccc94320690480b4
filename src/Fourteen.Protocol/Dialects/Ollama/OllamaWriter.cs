using System.Text;
using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>
/// Answers of /api/chat and /api/generate: lines that end with one that says "done". A tool call comes whole, in one
/// line, as its arguments are an object.
/// </summary>
/// <param name="isChat">Whether the text stands in a message, or in "response".</param>
internal sealed class OllamaWriter(RequestDraft request, ResponseHeader header, bool isChat)
    : ResponseWriter(request, header)
{
    private readonly List<Notice> _notices = [];
    private readonly List<ScoredToken> _scored = [];
    private readonly SortedDictionary<int, (ToolCallStarted Call, StringBuilder Arguments)> _calls = [];
    private FinishReason _reason;

    public override StreamForm Form => StreamForm.Lines;

    public override void Write(ChatEvent item, FrameBuffer frames)
    {
        switch (item)
        {
            case Notice notice:
                _notices.Add(notice);
                break;
            case TokensScored scored when Request.Chat.TopLogprobs is not null:
                _scored.AddRange(scored.Tokens);
                break;
            case TextDelta delta:
                WriteLine(frames, json => WriteContent(json, delta.Text, "", []));
                break;
            case ThoughtDelta delta:
                WriteLine(frames, json => WriteContent(json, "", delta.Text, []));
                break;
            case ToolCallStarted call:
                _calls[call.Index] = (call, new StringBuilder());
                break;
            case ToolCallDelta delta:
                _calls[delta.Index].Arguments.Append(delta.Arguments);
                break;
            case ToolCallEnded end:
                WriteCall(end.Index, frames);
                break;
            case Finished end:
                _reason = end.Reason;
                foreach (int index in _calls.Keys.ToArray()) // Calls that were cut off.
                    WriteCall(index, frames);
                break;
            case Completed completed:
                WriteLast(completed.Usage, frames);
                break;
        }
    }

    public override void WriteFailure(Failure failure, FrameBuffer frames)
    {
        OllamaJson.WriteError(failure, frames.Begin(null));
        frames.End();
    }

    public override void WriteWhole(ChatAnswer answer, Utf8JsonWriter json)
    {
        ChatChoice choice = answer.Choices[0];
        _notices.AddRange(answer.Notices);
        json.WriteStartObject();
        OllamaJson.WriteHead(json, Header);
        WriteContent(json, choice.Text, choice.Thought, choice.ToolCalls);
        if (Request.Chat.TopLogprobs is not null)
            OpenAiJson.WriteTokens(json, "logprobs", choice.Tokens);
        WriteDone(json, choice.Reason, answer.Usage);
        json.WriteEndObject();
    }

    private void WriteLine(FrameBuffer frames, Action<Utf8JsonWriter> write)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        OllamaJson.WriteHead(json, Header);
        write(json);
        WriteScored(json);
        json.WriteBoolean("done", false);
        json.WriteEndObject();
        frames.End();
    }

    private void WriteLast(Usage usage, FrameBuffer frames)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        OllamaJson.WriteHead(json, Header);
        WriteContent(json, "", "", []);
        WriteScored(json);
        WriteDone(json, _reason, usage);
        json.WriteEndObject();
        frames.End();
    }

    private void WriteCall(int index, FrameBuffer frames)
    {
        if (!_calls.Remove(index, out (ToolCallStarted Call, StringBuilder Arguments) open))
            return;
        var call = new GeneratedCall(open.Call.Id, open.Call.Name, open.Arguments.ToString());
        WriteLine(frames, json => WriteContent(json, "", "", [call], index));
    }

    /// <param name="first">The number of the first call in this answer.</param>
    private void WriteContent(
        Utf8JsonWriter json, string text, string thought, IReadOnlyList<GeneratedCall> calls, int first = 0)
    {
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
        }

        json.WriteString(isChat ? "content" : "response", text);
        if (thought.Length > 0)
            json.WriteString("thinking", thought);
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            for (int i = 0; i < calls.Count; i++)
                WriteCall(json, calls[i], first + i);
            json.WriteEndArray();
        }

        if (isChat)
            json.WriteEndObject();
    }

    private void WriteCall(Utf8JsonWriter json, GeneratedCall call, int index)
    {
        json.WriteStartObject();
        json.WriteString("id", call.Id);
        json.WriteStartObject("function");
        json.WriteNumber("index", index);
        json.WriteString("name", call.Name);
        json.WritePropertyName("arguments");
        if (!WireJson.WriteObject(json, call.Arguments))
            _notices.Add(NoticeJson.CutOff(call));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteScored(Utf8JsonWriter json)
    {
        if (_scored.Count == 0)
            return;
        OpenAiJson.WriteTokens(json, "logprobs", _scored);
        _scored.Clear();
    }

    /// <summary>Durations are nanoseconds. Ollama knows no reason of its own for an answer that calls tools.</summary>
    private void WriteDone(Utf8JsonWriter json, FinishReason reason, Usage usage)
    {
        json.WriteBoolean("done", true);
        json.WriteString("done_reason", reason == FinishReason.Length ? "length" : "stop");
        TimeSpan total = Header.LoadTime + usage.TimeToFirstToken + usage.DecodeTime;
        json.WriteNumber("total_duration", OllamaJson.Nanoseconds(total));
        json.WriteNumber("load_duration", OllamaJson.Nanoseconds(Header.LoadTime));
        json.WriteNumber("prompt_eval_count", usage.PromptTokens);
        json.WriteNumber("prompt_eval_duration", OllamaJson.Nanoseconds(usage.TimeToFirstToken));
        json.WriteNumber("eval_count", usage.CompletionTokens);
        json.WriteNumber("eval_duration", OllamaJson.Nanoseconds(usage.DecodeTime));
        NoticeJson.Write(json, _notices);
    }
}
