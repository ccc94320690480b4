using System.Text;
using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>OpenAI's older completions: a prompt that is taken as it is.</summary>
public static class OpenAiCompletions
{
    /// <summary>The answer's length where nobody says, as in OpenAI's API.</summary>
    private const int TokensUsual = 16;

    /// <summary>This API asks for fewer likely tokens than chat does; llama-server's clients ask for more.</summary>
    private const int LogprobsMax = OpenAiFields.TopLogprobsMax;

    public static ChatOperation Operation { get; } = new()
    {
        Summary = "Continues a text (OpenAI's completions).",
        Fields = new FieldTable(
        [
            ServingFields.Model,
            Field.Honoured("prompt", "string or array", "One text, or one array of token ids.", ReadPrompt),
            Field.Honoured("suffix", "string", "What comes after the gap that the answer fills.",
                (draft, value) => draft.Chat = draft.Chat with { Suffix = value.Text() }),
            Field.Honoured("logprobs", "integer", "Likely tokens at each place of the answer.",
                (draft, value) => draft.Chat = draft.Chat with { TopLogprobs = value.Integer(0, LogprobsMax) }),
            Field.Honoured("echo", "boolean", "Whether the answer begins with the prompt.",
                (draft, value) => draft.Echo = value.Flag()),
            .. OpenAiFields.Shared,
            Field.Honoured("add_special_tokens", "boolean", "Whether the model's first token is put in front.",
                (_, value) =>
                {
                    if (!value.Flag())
                        throw value.Wrong("true; give token ids for a prompt without the model's first token");
                }),
            Field.Refused("prompt_embeds", "the prompt is text or token ids."),
        ]),
        Complete = Complete,
        CreateWriter = (draft, header) => new OpenAiCompletionWriter(draft, header),
    };

    /// <summary>Clients send one prompt as an array of one, too.</summary>
    internal static void ReadPrompt(RequestDraft draft, WireValue value)
    {
        WireValue prompt = value;
        if (value.IsArray)
        {
            WireValue[] items = [.. value.Items()];
            if (items.Length == 0)
                throw value.Wrong("a text or an array that is not empty");
            if (items.Any(item => item.IsNumber) && items.Any(item => item.IsText))
                throw value.Wrong("all text or all token ids; /tokenize gives the ids of the texts of a mixed prompt");
            if (!items[0].IsNumber)
                prompt = items.Length == 1 ? items[0] : throw value.Wrong("one prompt; send one request for each");
        }

        if (!prompt.IsArray)
        {
            draft.Chat = draft.Chat with { Text = prompt.Text() };
            return;
        }

        int[] tokens = [.. prompt.Items().Select(item => item.Integer(0, int.MaxValue))];
        draft.Chat = tokens.Length > 0
            ? draft.Chat with { Tokens = tokens }
            : throw prompt.Wrong("an array that is not empty");
    }

    private static void Complete(RequestDraft draft)
    {
        if (draft.Chat.Text is null && draft.Chat.Tokens is null)
            throw new RequestException("prompt", "prompt is missing");
        if (draft.Chat.Suffix is not null && draft.Chat.Text is null)
            throw new RequestException("suffix", "suffix needs a prompt that is a text");
        draft.Chat = draft.Chat with
        {
            MaxTokens = draft.Chat.MaxTokens ?? TokensUsual,
            SeparateThought = false,
        };
        if (draft.Echo && draft.Chat.TopLogprobs is { } top)
            draft.Chat = draft.Chat with { PromptLogprobs = draft.Chat.PromptLogprobs ?? top };
    }
}

/// <summary>Answers of OpenAI's completions.</summary>
internal sealed class OpenAiCompletionWriter(RequestDraft request, ResponseHeader header)
    : ResponseWriter(request, header)
{
    private const string Prefix = "cmpl-";
    private const string Kind = "text_completion";
    private readonly List<Notice> _notices = [];
    private readonly Dictionary<int, (List<ScoredToken> Tokens, int Offset)> _scored = [];
    private IReadOnlyList<ScoredToken>? _prompt;
    private bool _echoed;

    public override StreamForm Form => StreamForm.ServerSentEvents;

    private string EchoText => Request.Echo ? Request.Chat.Text ?? TextOf(_prompt ?? []) : "";

    public override void Write(ChatEvent item, FrameBuffer frames)
    {
        switch (item)
        {
            case Notice notice:
                _notices.Add(notice);
                break;
            case PromptScored scored:
                _prompt = scored.Tokens;
                break;
            case TokensScored scored when Request.Chat.TopLogprobs is not null:
                Echo(frames);
                Pending(scored.Choice).Tokens.AddRange(scored.Tokens);
                break;
            case TextDelta delta:
                Echo(frames);
                WriteChunk(item.Choice, delta.Text, null, frames);
                break;
            case Finished end:
                Echo(frames);
                WriteChunk(item.Choice, "", end, frames);
                break;
            case Completed completed:
                OpenAiJson.WriteLast(Request, Header, Prefix, Kind, completed.Usage, _notices, frames);
                break;
        }
    }

    public override void WriteFailure(Failure failure, FrameBuffer frames) =>
        OpenAiJson.WriteFailure(failure, frames);

    public override void WriteWhole(ChatAnswer answer, Utf8JsonWriter json)
    {
        _prompt = answer.PromptTokens;
        json.WriteStartObject();
        OpenAiJson.WriteHeader(json, Header, Prefix, Kind);
        json.WriteStartArray("choices");
        for (int i = 0; i < answer.Choices.Count; i++)
        {
            ChatChoice choice = answer.Choices[i];
            json.WriteStartObject();
            json.WriteNumber("index", i);
            json.WriteString("text", EchoText + choice.Text);
            if (Request.Chat.TopLogprobs is null)
                json.WriteNull("logprobs");
            else
                WriteScored(json, [.. Request.Echo ? _prompt ?? [] : [], .. choice.Tokens], 0);
            json.WriteString("finish_reason", OpenAiChatWriter.NameOf(choice.Reason));
            if (choice.StopString is { } stop)
                json.WriteString("stop_reason", stop);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        OpenAiJson.WriteUsage(json, answer.Usage);
        OpenAiJson.WriteTimings(json, answer.Usage);
        if (answer.PromptTokens is { } prompt && !Request.Echo)
            OpenAiJson.WritePromptTokens(json, prompt);
        NoticeJson.Write(json, answer.Notices);
        json.WriteEndObject();
    }

    private void Echo(FrameBuffer frames)
    {
        if (_echoed || !Request.Echo)
            return;
        _echoed = true;
        for (int choice = 0; choice < Request.Chat.Choices; choice++)
        {
            Pending(choice).Tokens.AddRange(_prompt ?? []);
            WriteChunk(choice, EchoText, null, frames);
        }
    }

    private void WriteChunk(int choice, string text, Finished? end, FrameBuffer frames)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        OpenAiJson.WriteHeader(json, Header, Prefix, Kind);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteString("text", text);
        (List<ScoredToken> tokens, int offset) = Pending(choice);
        if (Request.Chat.TopLogprobs is null || tokens.Count == 0)
        {
            json.WriteNull("logprobs");
        }
        else
        {
            _scored[choice] = ([], WriteScored(json, tokens, offset));
        }

        json.WriteString("finish_reason", end is null ? null : OpenAiChatWriter.NameOf(end.Reason));
        if (end?.StopString is { } stop)
            json.WriteString("stop_reason", stop);
        json.WriteEndObject();
        json.WriteEndArray();
        if (Request.IncludeUsage)
            json.WriteNull("usage");
        json.WriteEndObject();
        frames.End();
    }

    private (List<ScoredToken> Tokens, int Offset) Pending(int choice)
    {
        if (!_scored.TryGetValue(choice, out (List<ScoredToken> Tokens, int Offset) pending))
            _scored.Add(choice, pending = ([], 0));
        return pending;
    }

    /// <summary>Four parallel arrays, as this API has them; returns where the next token's text begins.</summary>
    private static int WriteScored(Utf8JsonWriter json, IReadOnlyList<ScoredToken> tokens, int offset)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (ScoredToken token in tokens)
            json.WriteStringValue(Encoding.UTF8.GetString(token.Bytes));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (ScoredToken token in tokens)
        {
            if (token.Logprob is { } logprob)
                json.WriteNumberValue(logprob);
            else
                json.WriteNullValue();
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (ScoredToken token in tokens)
            WriteTop(json, token);
        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (ScoredToken token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += Encoding.UTF8.GetString(token.Bytes).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return offset;
    }

    private static void WriteTop(Utf8JsonWriter json, ScoredToken token)
    {
        if (token.Logprob is null)
        {
            json.WriteNullValue();
            return;
        }

        // An object by text: of tokens with the same text, as halves of characters have, the likeliest stays.
        json.WriteStartObject();
        foreach (ScoredToken other in token.Top.DistinctBy(other => Encoding.UTF8.GetString(other.Bytes)))
            json.WriteNumber(Encoding.UTF8.GetString(other.Bytes), other.Logprob ?? 0);
        json.WriteEndObject();
    }

    private static string TextOf(IReadOnlyList<ScoredToken> tokens) =>
        Encoding.UTF8.GetString([.. tokens.SelectMany(token => token.Bytes)]);
}
