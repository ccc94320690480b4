using System.Text.Json;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Streaming;

namespace Fourteen.Protocol.Dialects.LlamaServer;

/// <summary>Answers of llama-server's /completion and /infill; a stream ends with the piece that says "stop".
/// </summary>
internal sealed class LlamaCompletionWriter(RequestDraft request, ResponseHeader header)
    : ResponseWriter(request, header)
{
    private readonly List<Notice> _notices = [];
    private readonly List<ScoredToken> _scored = [];
    private Finished? _end;

    public override StreamForm Form => StreamForm.ServerSentEvents;

    /// <summary>Whether probabilities were asked for, and not ids alone.</summary>
    private bool WantsProbabilities => Request.Chat.TopLogprobs > 0;

    public override void Write(ChatEvent item, FrameBuffer frames)
    {
        switch (item)
        {
            case Notice notice:
                _notices.Add(notice);
                break;
            case PromptProgress progress when Request.ReturnProgress:
                WriteProgress(progress, frames);
                break;
            case TokensScored scored when Request.Chat.TopLogprobs is not null:
                _scored.AddRange(scored.Tokens);
                break;
            case TextDelta delta:
                WriteChunk(delta.Text, frames);
                break;
            case Finished end:
                _end = end;
                break;
            case Completed completed:
                Utf8JsonWriter json = frames.Begin(null);
                WriteAnswer(json, "", _scored, _end?.Reason ?? FinishReason.Stop, _end?.StopString, completed.Usage);
                frames.End();
                break;
        }
    }

    public override void WriteFailure(Failure failure, FrameBuffer frames)
    {
        OpenAiJson.WriteError(failure, frames.Begin(null));
        frames.End();
    }

    public override void WriteWhole(ChatAnswer answer, Utf8JsonWriter json)
    {
        ChatChoice choice = answer.Choices[0];
        _notices.AddRange(answer.Notices);
        WriteAnswer(json, choice.Text, choice.Tokens, choice.Reason, choice.StopString, answer.Usage);
    }

    private void WriteChunk(string text, FrameBuffer frames)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteString("content", text);
        WriteTokens(json, _scored);
        json.WriteBoolean("stop", false);
        if (WantsProbabilities && _scored.Count > 0)
            OpenAiJson.WriteTokens(json, "completion_probabilities", _scored, withIds: true);
        _scored.Clear();
        json.WriteEndObject();
        frames.End();
    }

    private static void WriteProgress(PromptProgress progress, FrameBuffer frames)
    {
        Utf8JsonWriter json = frames.Begin(null);
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteString("content", "");
        json.WriteStartArray("tokens");
        json.WriteEndArray();
        json.WriteBoolean("stop", false);
        json.WriteStartObject("prompt_progress");
        json.WriteNumber("total", progress.Total);
        json.WriteNumber("processed", progress.Computed);
        json.WriteEndObject();
        json.WriteEndObject();
        frames.End();
    }

    /// <summary>A whole answer, or the last piece of a stream.</summary>
    private void WriteAnswer(
        Utf8JsonWriter json, string text, IReadOnlyList<ScoredToken> tokens, FinishReason reason, string? stopString,
        Usage usage)
    {
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteString("content", text);
        WriteTokens(json, tokens);
        json.WriteBoolean("stop", true);
        json.WriteString("model", Header.Model);
        json.WriteNumber("tokens_predicted", usage.CompletionTokens);
        json.WriteNumber("tokens_evaluated", usage.PromptTokens);
        WriteSettings(json, usage);
        json.WriteString("prompt", Request.Chat.Text ?? "");
        json.WriteBoolean("truncated", false); // A prompt that does not fit is an error.
        string type = reason == FinishReason.Length ? "limit" : "eos";
        json.WriteString("stop_type", stopString is null ? type : "word");
        json.WriteString("stopping_word", stopString ?? "");
        json.WriteNumber("tokens_cached", usage.CachedTokens);
        if (WantsProbabilities && tokens.Count > 0)
            OpenAiJson.WriteTokens(json, "completion_probabilities", tokens, withIds: true);
        OpenAiJson.WriteTimings(json, usage);
        NoticeJson.Write(json, _notices);
        json.WriteEndObject();
    }

    private void WriteTokens(Utf8JsonWriter json, IReadOnlyList<ScoredToken> tokens)
    {
        json.WriteStartArray("tokens");
        foreach (ScoredToken token in Request.ReturnTokens ? tokens : [])
            json.WriteNumberValue(token.Id);
        json.WriteEndArray();
    }

    /// <summary>What was asked for; what was not takes the model's own values and is left out.</summary>
    private void WriteSettings(Utf8JsonWriter json, Usage usage)
    {
        ChatRequest chat = Request.Chat;
        SamplingSettings sampling = chat.Sampling;
        json.WriteStartObject("generation_settings");
        json.WriteNumber("seed", usage.Seed);
        json.WriteNumber("n_predict", chat.MaxTokens ?? -1);
        json.WriteNumber("n_probs", chat.TopLogprobs ?? 0);
        json.WriteBoolean("ignore_eos", chat.IgnoreEnd);
        json.WriteBoolean("stream", Request.Stream);
        json.WriteStartArray("stop");
        foreach (string stop in chat.Stop)
            json.WriteStringValue(stop);
        json.WriteEndArray();
        if (sampling.TopK is { } topK)
            json.WriteNumber("top_k", topK);
        (string Name, double? Value)[] numbers =
        [
            ("temperature", sampling.Temperature), ("top_p", sampling.TopP), ("min_p", sampling.MinP),
            ("typical_p", sampling.TypicalP), ("top_n_sigma", sampling.TopNSigma),
            ("repeat_penalty", sampling.RepetitionPenalty), ("presence_penalty", sampling.PresencePenalty),
            ("frequency_penalty", sampling.FrequencyPenalty), ("mirostat_tau", sampling.MirostatTau),
            ("mirostat_eta", sampling.MirostatEta),
        ];
        foreach ((string name, double? value) in numbers)
        {
            if (value is { } number)
                json.WriteNumber(name, number);
        }

        json.WriteEndObject();
    }
}
