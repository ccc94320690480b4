using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fourteen.Cli.Batches;
using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Sampling;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary>
/// The loop of <c>fourteen chat</c>: reads a message or a command, answers, and keeps the history. Ctrl-C stops an
/// answer and what came of it stays in the history; the program goes on.
/// </summary>
internal sealed class Conversation : IDisposable
{
    private readonly ModelSession _session;
    private readonly StandardStreams _streams;
    private readonly MessageReader _reader;
    private readonly List<ChatMessage> _history = [];
    private ChatRequest _request;
    private string? _system;
    private string _lastThought = "";
    private AnswerView? _lastAnswer; // The newest that is complete.
    private double? _ropeFactor; // Of the turn before; null at the beginning of a conversation.

    internal Conversation(ModelSession session, ChatRequest request, string? system, StandardStreams streams)
    {
        _session = session;
        _streams = streams;
        _system = system;
        _request = request;
        _reader = new MessageReader(streams);
    }

    /// <summary>One row of what /help lists.</summary>
    private sealed record Row(string Name, string Help, Func<Conversation, string, CancellationToken, Task<bool>> Run);

    private static readonly Row[] Rows =
    [
        new("/help", "list these commands", (chat, _, _) => chat.Say(Help())),
        new("/clear", "forget the conversation", (chat, _, _) => chat.Clear()),
        new("/system", "TEXT: set the system message; without a text, remove it",
            (chat, text, _) => chat.SetSystem(text)),
        new("/think", "let the model think before it answers",
            (chat, text, stop) => chat.SetThinkAsync(true, text, stop)),
        new("/no_think", "answer without thinking",
            (chat, text, stop) => chat.SetThinkAsync(false, text, stop)),
        new("/thought", "show the last thought in full", (chat, _, _) => chat.Say(chat.LastThought())),
        new("/save", "FILE: write the conversation as JSON", (chat, file, stop) => chat.SaveAsync(file, stop)),
        new("/load", "FILE: go on with a saved conversation", (chat, file, stop) => chat.LoadAsync(file, stop)),
        new("/stats", "what the last answer took", (chat, _, _) => chat.Say(chat.Statistics())),
        new("/exit", "leave (so does the end of the input)", (_, _, _) => Task.FromResult(false)),
    ];

    internal async Task RunAsync(CancellationToken cancellation)
    {
        if (_streams.InputIsTerminal)
        {
            await Say("Type a message, or /help. Ctrl-C stops an answer.\n"
                + "\"\"\" begins and ends a text of several lines.");
        }

        while (await _reader.ReadAsync(cancellation) is { } text)
        {
            if (text.Length == 0)
                continue;
            string name = text.Split(' ', '\t', '\n')[0];
            Row? row = Array.Find(Rows, candidate => candidate.Name == name);
            if (row is not null && !await row.Run(this, text[name.Length..].Trim(), cancellation))
                return;
            if (row is null && name.StartsWith('/') && !name[1..].Contains('/'))
                await Say($"There is no command {name}; /help lists them.");
            else if (row is null)
                await AnswerAsync(text, cancellation);
        }
    }

    public void Dispose() => _reader.Dispose();

    private async Task AnswerAsync(string text, CancellationToken cancellation)
    {
        _history.Add(new ChatMessage("user", text));
        ChatMessage[] messages = _system is null ? [.. _history] : [new ChatMessage("system", _system), .. _history];
        var view = new AnswerView(_streams);
        string? problem = null;
        using (CancellationTokenSource stop = _reader.BeginAnswer(cancellation))
        using (view)
        {
            try
            {
                ChatRequest request = _request with { Messages = messages };
                await foreach (ChatEvent item in _session.Provider.StreamAsync(request, stop.Token))
                    await view.ShowAsync(item);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                problem = "Stopped.";
            }
            catch (RequestException e) when (e.Parameter == "prompt")
            {
                problem = $"fourteen: {e.Message}; /clear forgets the conversation";
            }
            catch (Exception e) when (e is RequestException or TemplateException or SamplingException)
            {
                problem = $"fourteen: {e.Message}";
            }
            finally
            {
                _reader.EndAnswer();
            }
        }

        await KeepAsync(view, problem);
    }

    /// <summary>Puts an answer into the history; a question without one is taken out, as if it had not been asked.
    /// </summary>
    private async Task KeepAsync(AnswerView view, string? problem)
    {
        if (problem is not null)
            await Say(problem);
        if (view.Usage is null && view.Answer.Length == 0)
        {
            _history.RemoveAt(_history.Count - 1);
            return;
        }

        _history.Add(new ChatMessage("assistant", view.Answer));
        _lastThought = view.Thought;
        if (view.Usage is not { } usage)
            return;
        if (_ropeFactor is { } before && before != usage.RopeFactor)
            await Say(RopeChange(before, usage));
        _ropeFactor = usage.RopeFactor;
        _lastAnswer = view;
        await Say(AnswerStatistics.Line(view.Reason, usage));
    }

    /// <summary>Why the history was computed again: cached keys are turned by the scaling of their turn.</summary>
    private string RopeChange(double before, Usage usage)
    {
        bool isLonger = before < usage.RopeFactor;
        double reach = _session.Model.Config.Rope.NativeContext * (isLonger ? before : usage.RopeFactor);
        string how = usage.RopeFactor == 1 ? "without scaling" : $"with {AnswerStatistics.Scaling(usage)}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The conversation {(isLonger ? "may now exceed" : "fits again in")} {reach:N0} tokens: "
            + $"computed again {how}.");
    }

    private async Task<bool> Say(string text)
    {
        await _streams.Error.WriteLineAsync(text);
        return true;
    }

    private static string Help() => string.Join('\n', Rows.Select(row => $"  {row.Name,-10} {row.Help}"));

    private Task<bool> Clear()
    {
        _history.Clear();
        _lastThought = "";
        _ropeFactor = null;
        return Say("The conversation is forgotten.");
    }

    private Task<bool> SetSystem(string text)
    {
        _system = text.Length == 0 ? null : text;
        return Say(_system is null ? "There is no system message now." : "The system message is set.");
    }

    private string LastThought() =>
        _lastThought.Length == 0 ? "There was no thought before the last answer." : _lastThought;

    /// <summary>What stands behind the switch is a question, as Qwen's users write it.</summary>
    private async Task<bool> SetThinkAsync(bool think, string question, CancellationToken cancellation)
    {
        bool canThink = _session.Model.Text.Thinking.CanThink;
        if (canThink)
            _request = _request with { Think = think };
        string mode = think ? "The model thinks before it answers." : "The model answers without thinking.";
        await Say(canThink ? mode : "This model cannot think: it has no <think> token.");
        if (question.Length > 0)
            await AnswerAsync(question, cancellation);
        return true;
    }

    private string Statistics() => _lastAnswer?.Usage is not { } usage
        ? "There has been no complete answer yet."
        : $"{AnswerStatistics.Line(_lastAnswer.Reason, usage)}; seed {usage.Seed}; {CountMessages()}";

    private string CountMessages() => _history.Count == 1 ? "1 message" : $"{_history.Count} messages";

    private async Task<bool> SaveAsync(string file, CancellationToken cancellation)
    {
        if (file.Length == 0)
            return await Say("/save needs the name of a file.");
        try
        {
            await using FileStream stream = File.Create(file);
            await using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions
            {
                Indented = true,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            });
            writer.WriteStartArray();
            if (_system is not null)
                Write(writer, new ChatMessage("system", _system));
            foreach (ChatMessage message in _history)
                Write(writer, message);
            writer.WriteEndArray();
            await writer.FlushAsync(cancellation);
            return await Say($"{CountMessages()} saved to {file}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await Say($"It could not be saved: {e.Message}");
        }
    }

    private static void Write(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("role", message.Role);
        writer.WriteString("content", message.Content);
        writer.WriteEndObject();
    }

    private async Task<bool> LoadAsync(string file, CancellationToken cancellation)
    {
        if (file.Length == 0)
            return await Say("/load needs the name of a file.");
        try
        {
            JsonElement json = BatchRow.ParseJson(await File.ReadAllBytesAsync(file, cancellation), file);
            List<ChatMessage> messages = [.. SavedMessages.Read(json, file)];
            _system = messages.Count > 0 && messages[0].Role == "system" ? messages[0].Content : null;
            _history.Clear();
            _ropeFactor = null;
            _history.AddRange(_system is null ? messages : messages[1..]);
            return await Say($"{CountMessages()} loaded from {file}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RowException)
        {
            return await Say($"It could not be loaded: {e.Message}");
        }
    }
}
