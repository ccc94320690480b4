using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Cli.Batches;
using Fourteen.Cli.Output;
using Fourteen.Engine.ChatTemplates;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen template</c>: messages to the prompt that the model sees, one or many.</summary>
internal static class TemplateCommand
{
    private const string GenerationPrompt = "add_generation_prompt";
    private const string TimeRule = "must be a time such as 2026-01-15T12:00:00";

    public static Verb Verb { get; } = new(
        "template",
        "Renders messages with a chat template: the prompt that a model sees.",
        [
            "fourteen template model.gguf --messages conversation.json",
            "echo '[{\"role\":\"user\",\"content\":\"Hi\"}]' | fourteen template chat.jinja",
            "fourteen template chat.jinja --messages talk.json --no-generation-prompt",
            "fourteen template model.gguf --batch rows.jsonl",
        ],
        Define);

    /// <summary>The clock of the published conformance rows, which carry none of their own.</summary>
    private static readonly DateTimeOffset BatchClock = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    private static void Define(Command command, StandardStreams streams)
    {
        var model = new Argument<string?>("MODEL")
        {
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "MODEL|FILE.jinja",
            Description = "A path: a file with a Jinja template, a GGUF file, a tokenizer_config.json, or a folder "
                + "that holds one. A batch whose rows bring their templates needs none.",
        };
        var messages = new Option<string?>("--messages")
        {
            HelpName = "FILE.json",
            Description = "A JSON array of messages, or an object with messages, tools and other variables of the "
                + "template; - or nothing is standard input.",
        };
        var batch = new Option<string?>("--batch")
        {
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "FILE.jsonl",
            Description = "Answer each row {\"messages\",\"tools\",\"kwargs\"} or {\"template\",\"vars\"} of the file "
                + "(- is standard input) by a line {\"text\"}, or {\"error\"} where the template refuses it. In "
                + "kwargs, now sets the clock and continue_final_message leaves the last message open.",
        };
        var closed = new Option<bool>("--no-generation-prompt")
        {
            Description = "End after the last message instead of opening the assistant's turn.",
        };
        var now = new Option<DateTimeOffset?>("--now")
        {
            HelpName = "TIME",
            Description = "The clock of strftime_now, such as 2026-01-15T12:00:00; else the present, and in a batch, "
                + "which must come out the same on any day, 2026-01-15T12:00:00 where a row does not set it.",
            CustomParser = result =>
            {
                if (FindTime(result.Tokens[0].Value) is { } time)
                    return time;
                result.AddError($"--now {TimeRule}, found {result.Tokens[0].Value}");
                return null;
            },
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };

        command.Add(model);
        command.Add(messages);
        command.Add(batch);
        command.Add(closed);
        command.Add(now);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            bool isBatch = parsed.GetResult(batch) is not null;
            string? path = parsed.GetValue(model);
            string? file = parsed.GetValue(messages);
            if (isBatch && (file is not null || parsed.GetValue(closed)))
                throw new UsageException("--batch takes messages and switches from its rows: leave out the others");
            if (!isBatch && path is null)
                throw new UsageException("name a model or a template; see fourteen template --help");

            TemplateSource? source = path is null ? null : TemplateSource.Load(path);
            DateTimeOffset clock = parsed.GetValue(now)
                ?? (isBatch ? BatchClock : TimeProvider.System.GetLocalNow());
            if (isBatch)
            {
                return BatchRun.RunAsync(
                    streams, parsed.GetValue(batch) ?? "-", (row, number) => RenderRow(source, clock, row, number),
                    cancellation);
            }

            var request = new Request(file, clock, !parsed.GetValue(closed), parsed.GetValue(json));
            return RenderOneAsync(streams, source!, request, cancellation); // there is a path, so there is a source
        });
    }

    private static async Task<int> RenderOneAsync(
        StandardStreams streams, TemplateSource source, Request request, CancellationToken cancellation)
    {
        string content = request.File is null
            ? await streams.ReadTextAsync("the list of messages", cancellation)
            : await streams.ReadFileAsync(request.File, cancellation);
        JsonObject variables = VariablesOf(content, request.File ?? "-");
        if (!request.GenerationPrompt || !variables.ContainsKey(GenerationPrompt))
            variables[GenerationPrompt] = request.GenerationPrompt;
        AddTokens(variables, source);

        string text = source.Template.Render(variables, request.Now);
        if (request.Json)
            JsonLine.Print(streams, writer => writer.WriteString("text", text));
        else
            streams.Output.Write(streams.OutputIsTerminal && !text.EndsWith('\n') ? text + "\n" : text);
        return Program.Success;
    }

    private static JsonObject VariablesOf(string content, string file)
    {
        try
        {
            JsonElement value = BatchRow.ParseJson(Encoding.UTF8.GetBytes(content), "the file");
            return value.ValueKind switch
            {
                JsonValueKind.Array => new JsonObject { ["messages"] = JsonArray.Create(value) },
                JsonValueKind.Object when value.TryGetProperty("messages", out JsonElement messages)
                    && messages.ValueKind == JsonValueKind.Array => JsonObject.Create(value)!, // not JSON's null
                _ => throw new RowException(
                    "the file must be an array of messages, or an object with an array \"messages\", "
                    + $"found {BatchRow.Describe(value)}"),
            };
        }
        catch (RowException e)
        {
            throw new IOException($"{file}: {e.Message}", e);
        }
    }

    private static Action<Utf8JsonWriter> RenderRow(
        TemplateSource? source, DateTimeOffset clock, BatchRow row, int number)
    {
        string text;
        try
        {
            text = row.Has("template") ? RenderPlain(clock, row, number) : RenderChat(source, clock, row);
        }
        catch (TemplateException e)
        {
            // The template's refusal is its answer: the row was good.
            return writer =>
            {
                writer.WriteString("error", e.Text);
                writer.WriteString("error_kind", e.Kind);
                writer.WriteString("template", e.Template);
                writer.WriteNumber("line", e.Line);
            };
        }

        return writer => writer.WriteString("text", text);
    }

    private static string RenderPlain(DateTimeOffset clock, BatchRow row, int number)
    {
        var template = ChatTemplate.Parse(
            string.Create(CultureInfo.InvariantCulture, $"row {number}"), row.RequireString("template"));
        return template.RenderPlain(row.FindObject("vars") ?? [], clock);
    }

    private static string RenderChat(TemplateSource? source, DateTimeOffset clock, BatchRow row)
    {
        if (source is null)
            throw new RowException("the row needs the field \"template\", since no MODEL was named");
        var variables = new JsonObject { ["messages"] = row.RequireArray("messages") };
        if (row.Has("tools"))
            variables["tools"] = row.FindAny("tools");
        JsonObject others = row.FindObject("kwargs") ?? [];
        DateTimeOffset now = TakeNow(others) ?? clock;
        bool continueFinal = TakeBool(others, "continue_final_message");
        foreach ((string name, JsonNode? value) in others)
            variables[name] = value?.DeepClone();
        AddTokens(variables, source);
        return source.Template.Render(variables, now, continueFinal);
    }

    private static DateTimeOffset? TakeNow(JsonObject others)
    {
        if (!others.Remove("now", out JsonNode? node))
            return null;
        string? text = node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
        return FindTime(text) ?? throw new RowException($"\"kwargs\".\"now\" {TimeRule}, found {node}");
    }

    private static DateTimeOffset? FindTime(string? text) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;

    private static bool TakeBool(JsonObject others, string name)
    {
        if (!others.Remove(name, out JsonNode? node))
            return false;
        return node?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new RowException($"\"kwargs\".\"{name}\" must be true or false, found {node}"),
        };
    }

    /// <summary>What the model calls its own tokens, where the caller does not say otherwise.</summary>
    private static void AddTokens(JsonObject variables, TemplateSource source)
    {
        foreach ((string name, string text) in source.Tokens)
        {
            if (!variables.ContainsKey(name))
                variables[name] = text;
        }
    }

    /// <summary>What the arguments say about one rendering.</summary>
    private sealed record Request(string? File, DateTimeOffset Now, bool GenerationPrompt, bool Json);
}
