using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>Answers of OpenAI's chat completions.</summary>
internal sealed class OpenAiChatWriter(RequestDraft request, ResponseHeader header) : ResponseWriter(request, header)
{
    private const string Prefix = "chatcmpl-";
    private const string ChunkKind = "chat.completion.chunk";
    private readonly List<Notice> _notices = [];
    private readonly Dictionary<int, List<ScoredToken>> _scored = [];
    private readonly HashSet<int> _begun = [];

    public override StreamForm Form => StreamForm.ServerSentEvents;

    public override void Write(ChatEvent item, FrameBuffer frames)
    {
        switch (item)
        {
            case Started:
                for (int choice = 0; choice < Request.Chat.Choices; choice++)
                    Begin(choice, frames);
                break;
            case Notice notice:
                _notices.Add(notice);
                break;
            case PromptProgress progress when Request.ReturnProgress:
                WriteProgress(progress, frames);
                break;
            case TokensScored scored when Request.Chat.TopLogprobs is not null:
                Pending(scored.Choice).AddRange(scored.Tokens);
                break;
            case TextDelta delta:
                WriteDelta(item, frames, json => json.WriteString("content", delta.Text));
                break;
            case ThoughtDelta delta when Request.IncludeReasoning:
                WriteDelta(item, frames, json => WriteThought(json, delta.Text));
                break;
            case ToolCallStarted call:
                WriteDelta(item, frames, json => WriteCall(json, call.Index, call, ""));
                break;
            case ToolCallDelta delta:
                WriteDelta(item, frames, json => WriteCall(json, delta.Index, null, delta.Arguments));
                break;
            case Finished end:
                WriteEnd(end, frames);
                break;
            case Completed completed:
                OpenAiJson.WriteLast(Request, Header, Prefix, ChunkKind, completed.Usage, _notices, frames);
                break;
        }
    }

    public override void WriteFailure(Failure failure, FrameBuffer frames) =>
        OpenAiJson.WriteFailure(failure, frames);

    public override void WriteWhole(ChatAnswer answer, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        OpenAiJson.WriteHeader(json, Header, Prefix, "chat.completion");
        json.WriteStartArray("choices");
        for (int i = 0; i < answer.Choices.Count; i++)
            WriteChoice(json, i, answer.Choices[i]);
        json.WriteEndArray();
        OpenAiJson.WriteUsage(json, answer.Usage);
        OpenAiJson.WriteTimings(json, answer.Usage);
        if (answer.PromptTokens is { } prompt)
            OpenAiJson.WritePromptTokens(json, prompt);
        NoticeJson.Write(json, answer.Notices);
        json.WriteEndObject();
    }

    /// <summary>The reason's name on the wire, shared with other endpoints of this API.</summary>
    internal static string NameOf(FinishReason reason) => reason switch
    {
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => "stop",
    };

    private void WriteChoice(Utf8JsonWriter json, int index, ChatChoice choice)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        // A message of calls alone has no content, which clients tell apart from an empty one.
        json.WriteString("content", choice.Text.Length == 0 && choice.ToolCalls.Count > 0 ? null : choice.Text);
        json.WriteNull("refusal");
        if (choice.Thought.Length > 0 && Request.IncludeReasoning)
            WriteThought(json, choice.Thought);
        if (choice.ToolCalls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (GeneratedCall call in choice.ToolCalls)
            {
                json.WriteStartObject();
                json.WriteString("id", call.Id);
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", call.Name);
                json.WriteString("arguments", call.Arguments);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        if (Request.Chat.TopLogprobs is null)
        {
            json.WriteNull("logprobs");
        }
        else
        {
            json.WriteStartObject("logprobs");
            OpenAiJson.WriteTokens(json, "content", choice.Tokens);
            json.WriteEndObject();
        }

        json.WriteString("finish_reason", NameOf(choice.Reason));
        if (choice.StopString is { } stop)
            json.WriteString("stop_reason", stop);
        json.WriteEndObject();
    }

    /// <summary>Under both names that clients look for.</summary>
    private static void WriteThought(Utf8JsonWriter json, string text)
    {
        json.WriteString("reasoning_content", text);
        json.WriteString("reasoning", text);
    }

    private static void WriteCall(Utf8JsonWriter json, int index, ToolCallStarted? started, string arguments)
    {
        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", index);
        if (started is not null)
        {
            json.WriteString("id", started.Id);
            json.WriteString("type", "function");
        }

        json.WriteStartObject("function");
        if (started is not null)
            json.WriteString("name", started.Name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>The first piece names the role, so that clients know that an answer comes.</summary>
    private void Begin(int choice, FrameBuffer frames)
    {
        if (!_begun.Add(choice))
            return;
        WriteDelta(new TextDelta("") { Choice = choice }, frames, json =>
        {
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
        });
    }

    private void WriteDelta(ChatEvent item, FrameBuffer frames, Action<Utf8JsonWriter> write)
    {
        Utf8JsonWriter json = StartChunk(frames);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", item.Choice);
        json.WriteStartObject("delta");
        write(json);
        json.WriteEndObject();
        WriteScored(json, item.Choice);
        json.WriteNull("finish_reason");
        json.WriteEndObject();
        json.WriteEndArray();
        EndChunk(json, frames);
    }

    private void WriteEnd(Finished end, FrameBuffer frames)
    {
        Begin(end.Choice, frames);
        Utf8JsonWriter json = StartChunk(frames);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", end.Choice);
        json.WriteStartObject("delta");
        json.WriteEndObject();
        WriteScored(json, end.Choice);
        json.WriteString("finish_reason", NameOf(end.Reason));
        if (end.StopString is { } stop)
            json.WriteString("stop_reason", stop);
        json.WriteEndObject();
        json.WriteEndArray();
        EndChunk(json, frames);
    }

    private void WriteProgress(PromptProgress progress, FrameBuffer frames)
    {
        Utf8JsonWriter json = StartChunk(frames);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        json.WriteStartObject("prompt_progress");
        json.WriteNumber("total", progress.Total);
        json.WriteNumber("processed", progress.Computed);
        json.WriteEndObject();
        EndChunk(json, frames);
    }

    private Utf8JsonWriter StartChunk(FrameBuffer frames)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        OpenAiJson.WriteHeader(json, Header, Prefix, ChunkKind);
        return json;
    }

    private void EndChunk(Utf8JsonWriter json, FrameBuffer frames)
    {
        if (Request.IncludeUsage)
            json.WriteNull("usage"); // OpenAI's word for "comes later".
        json.WriteEndObject();
        frames.End();
    }

    private void WriteScored(Utf8JsonWriter json, int choice)
    {
        if (Request.Chat.TopLogprobs is null || Pending(choice).Count == 0)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        OpenAiJson.WriteTokens(json, "content", Pending(choice));
        json.WriteEndObject();
        Pending(choice).Clear();
    }

    private List<ScoredToken> Pending(int choice)
    {
        if (!_scored.TryGetValue(choice, out List<ScoredToken>? pending))
            _scored.Add(choice, pending = []);
        return pending;
    }
}
