using System.CommandLine;
using System.Text.Json;
using Fourteen.Cli.Output;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen run</c>: one answer, streamed.</summary>
internal static class RunCommand
{
    public static Verb Verb { get; } = new(
        "run",
        "Answers one prompt with a model and streams the answer.",
        [
            "fourteen run -p \"Name the capital city of France.\"",
            "fourteen run model.gguf -p \"Why is the sky blue?\" --temp 0 --max-tokens 200",
            "cat letter.txt | fourteen run model.gguf --system \"Summarize in one sentence.\"",
            "fourteen run model.gguf --raw -p \"Once upon a time\" --max-tokens 50",
            "fourteen run model.gguf -p \"What is 17 * 23?\" --think-budget 200 --json",
            "cat book.txt | fourteen run model.gguf --yarn --max-tokens 800",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        Argument<string?> model = ModelArgument.CreateOptional();
        var prompt = new Option<string?>("--prompt", "-p")
        {
            HelpName = "TEXT",
            Description = "What to ask; without it, standard input less its last line feed.",
        };
        var system = new Option<string?>("--system") { HelpName = "TEXT", Description = "A system message before it." };
        var raw = new Option<bool>("--raw") { Description = "Continue the text as it is, without a chat template." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document when the answer is complete." };
        var generation = new GenerationOptions();
        command.Add(model);
        command.Add(prompt);
        command.Add(system);
        command.Add(raw);
        command.Add(json);
        generation.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(raw) && parsed.GetValue(system) is not null)
                throw new UsageException("--raw has no messages, so --system has no place in it");
            string text = parsed.GetValue(prompt) ?? await ReadPromptAsync(streams, cancellation);
            if (text.Length == 0)
                throw new UsageException("the prompt must be a text that is not empty");
            GenerationSettings settings = generation.Read(parsed);
            using ModelSession session = await ModelSession.LoadAsync(
                parsed.GetValue(model), settings, 1, streams, cancellation);
            ChatRequest request = settings.Request with
            {
                Text = parsed.GetValue(raw) ? text : null,
                Messages = Messages(parsed.GetValue(system), text),
            };
            return parsed.GetValue(json)
                ? await PrintJsonAsync(session, request, streams, cancellation)
                : await StreamAsync(session, request, streams, cancellation);
        });
    }

    /// <summary>echo and files end in a line feed that nobody means; a model would see it.</summary>
    private static async Task<string> ReadPromptAsync(StandardStreams streams, CancellationToken cancellation)
    {
        if (streams.InputIsTerminal)
            throw new UsageException("ask by -p TEXT, or pipe a text into standard input; see fourteen run --help");
        string text = await streams.ReadTextAsync("--prompt", cancellation);
        string lessFeed = text.EndsWith('\n') ? text[..^1] : text;
        return lessFeed.EndsWith('\r') ? lessFeed[..^1] : lessFeed;
    }

    private static ChatMessage[] Messages(string? system, string prompt) => system is null
        ? [new ChatMessage("user", prompt)]
        : [new ChatMessage("system", system), new ChatMessage("user", prompt)];

    private static async Task<int> StreamAsync(
        ModelSession session, ChatRequest request, StandardStreams streams, CancellationToken cancellation)
    {
        var view = new AnswerView(streams);
        using (view)
        {
            await foreach (ChatEvent item in session.Provider.StreamAsync(request, cancellation))
                await view.ShowAsync(item);
        }

        if (view.Usage is { } usage)
            await streams.Error.WriteLineAsync(AnswerStatistics.Line(view.Reason, usage));
        return Program.Success;
    }

    private static async Task<int> PrintJsonAsync(
        ModelSession session, ChatRequest request, StandardStreams streams, CancellationToken cancellation)
    {
        ChatAnswer answer = await session.Provider.StreamAsync(request, cancellation).CollectAsync(cancellation);
        JsonLine.Print(streams, writer => Write(writer, session, answer.Choices[0], answer.Usage));
        await streams.Error.WriteLineAsync(AnswerStatistics.Line(answer.Choices[0].Reason, answer.Usage));
        return Program.Success;
    }

    private static void Write(Utf8JsonWriter writer, ModelSession session, ChatChoice answer, Usage usage)
    {
        writer.WriteString("model", session.Model.Path);
        writer.WriteString("text", answer.Text);
        if (answer.Thought.Length > 0)
            writer.WriteString("thought", answer.Thought);
        writer.WriteString("finish_reason", answer.Reason == FinishReason.Length ? "length" : "stop");
        writer.WriteNumber("seed", usage.Seed);
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", usage.PromptTokens);
        writer.WriteNumber("completion_tokens", usage.CompletionTokens);
        writer.WriteNumber("time_to_first_token_seconds", usage.TimeToFirstToken.TotalSeconds);
        writer.WriteNumber("prefill_tokens_per_second", usage.PrefillTokensPerSecond);
        writer.WriteNumber("decode_tokens_per_second", usage.DecodeTokensPerSecond);
        writer.WriteString("rope_scaling", usage.RopeScaling);
        writer.WriteNumber("rope_factor", usage.RopeFactor);
        writer.WriteNumber("peak_memory_mib", AnswerStatistics.PeakMemoryMib);
        writer.WriteEndObject();
    }
}
