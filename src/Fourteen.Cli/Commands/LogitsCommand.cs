using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fourteen.Cli.Batches;
using Fourteen.Cli.Output;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen logits</c>: what a model says of the next token at chosen positions of a text.</summary>
internal static class LogitsCommand
{
    /// <summary>Rows of a batch that are computed together; the others wait.</summary>
    private const int SequencesMax = 64;

    /// <summary>More than any vocabulary has.</summary>
    private const int TopMax = 1 << 24;

    /// <summary>Tokens that are shown to people who do not say how many.</summary>
    private const int TopUsual = 10;

    public static Verb Verb { get; } = new(
        "logits",
        "Computes logits, or the most likely next tokens, at positions of a text.",
        [
            "fourteen logits model.gguf -p \"The capital of France is\" --top 5",
            "fourteen logits model.gguf --tokens 785,6722 --positions all --precise --json",
            "fourteen logits model.gguf --batch rows.jsonl --chunk 16 --threads 2",
        ],
        Define);

    private sealed record Options(
        Option<string?> Prompt, Option<string?> Tokens, Option<string> Positions, Option<int?> Top, Option<int?> Chunk,
        Option<string?> Batch, Option<bool> Json);

    private static void Define(Command command, StandardStreams streams)
    {
        Argument<string?> model = ModelArgument.CreateOptional();
        var options = new Options(
            new Option<string?>("--prompt", "-p") { HelpName = "TEXT", Description = "The text." },
            new Option<string?>("--tokens") { HelpName = "IDS", Description = "The text as token ids: 1,2,3." },
            new Option<string>("--positions")
            {
                HelpName = "all|last|N,…",
                Description = "Positions, counted from 0, whose next token is asked for.",
                DefaultValueFactory = _ => "last",
            },
            GenerationOptions.Number<int>(
                "--top", "N", "Only the N most likely tokens of each position.", 1, TopMax),
            GenerationOptions.Number<int>(
                "--chunk", "N", "Tokens of a text computed in one step at most; else as many as the engine likes.",
                1, int.MaxValue),
            new Option<string?>("--batch")
            {
                HelpName = "FILE.jsonl",
                Description = "Answer each row {\"prompt\" or \"tokens\", \"positions\", \"top\"} of the file (- is "
                    + "standard input) by one line, or {\"error\"} where it cannot be used; rows are computed "
                    + "together.",
            },
            new Option<bool>("--json") { Description = "Print one JSON document; a batch always does." });
        var generation = new GenerationOptions();
        command.Add(model);
        command.Add(options.Prompt);
        command.Add(options.Tokens);
        command.Add(options.Positions);
        command.Add(options.Top);
        command.Add(options.Chunk);
        command.Add(options.Batch);
        command.Add(options.Json);

        generation.AddComputationTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string? file = parsed.GetValue(options.Batch);
            int sources = (file is null ? 0 : 1) + (parsed.GetValue(options.Prompt) is null ? 0 : 1)
                + (parsed.GetValue(options.Tokens) is null ? 0 : 1);
            if (sources != 1)
                throw new UsageException("give the text by exactly one of --prompt, --tokens and --batch");
            using ModelSession session = await ModelSession.LoadAsync(
                parsed.GetValue(model), generation.Read(parsed), file is null ? 1 : SequencesMax, streams,
                cancellation);
            return file is null
                ? await OneAsync(session, options, parsed, streams, cancellation)
                : await BatchAsync(session, options, parsed, file, streams, cancellation);
        });
    }

    private static async Task<int> OneAsync(
        ModelSession session, Options options, ParseResult parsed, StandardStreams streams,
        CancellationToken cancellation)
    {
        int[] tokens = parsed.GetValue(options.Tokens) is { } list
            ? ParseIntegers(list, "--tokens")
            : session.Model.Text.EncodePrompt(parsed.GetRequiredValue(options.Prompt)!); // One of the two is given.
        int[] positions = ParsePositions(parsed.GetRequiredValue(options.Positions), tokens.Length);
        var question = new Question(tokens, positions, parsed.GetValue(options.Top));
        int chunk = parsed.GetValue(options.Chunk) ?? int.MaxValue;
        LogitsRow[] rows = await ComputeAsync(session, question, chunk, cancellation);
        if (parsed.GetValue(options.Json))
            JsonLine.Print(streams, writer => Write(writer, session, question, rows));
        else
            Print(session, question with { Top = question.Top ?? TopUsual }, rows, streams);
        return Program.Success;
    }

    private static async Task<int> BatchAsync(
        ModelSession session, Options options, ParseResult parsed, string file, StandardStreams streams,
        CancellationToken cancellation)
    {
        int chunk = parsed.GetValue(options.Chunk) ?? int.MaxValue;
        string positions = parsed.GetRequiredValue(options.Positions);
        int? top = parsed.GetValue(options.Top);
        return await BatchRun.RunTogetherAsync(
            streams, file, SequencesMax,
            async (row, _, stop) =>
            {
                Question question = ReadRow(session, row, positions, top);
                LogitsRow[] rows = await ComputeAsync(session, question, chunk, stop);
                return writer => Write(writer, session, question, rows);
            },
            cancellation);
    }

    /// <summary>What a row may call its text; "ids" and "text" as the rows of tokenize do.</summary>
    private static readonly string[] TextFields = ["tokens", "ids", "prompt", "text"];

    private sealed record Question(int[] Tokens, int[] Positions, int? Top);

    private static Question ReadRow(ModelSession session, BatchRow row, string positions, int? top)
    {
        string[] given = [.. TextFields.Where(row.Has)];
        if (given.Length != 1)
        {
            throw new RowException(
                $"the row needs exactly one of {string.Join(", ", TextFields)}, found {given.Length} of them");
        }

        int[] tokens = given[0] is "tokens" or "ids"
            ? row.RequireIntegers(given[0])
            : session.Model.Text.EncodePrompt(row.RequireString(given[0]));
        int[] asked = row.FindKind("positions") switch
        {
            null => ParsePositions(positions, tokens.Length),
            JsonValueKind.Array => row.RequireIntegers("positions"),
            _ => ParsePositions(row.RequireString("positions"), tokens.Length),
        };
        int? best = row.FindInteger("top") ?? top;
        return best is null or (>= 1 and <= TopMax)
            ? new Question(tokens, asked, best)
            : throw new RowException($"\"top\" must be an integer from 1 to {TopMax}, found {best}");
    }

    /// <summary>One row for each position that was asked for, in the order of asking.</summary>
    private static async Task<LogitsRow[]> ComputeAsync(
        ModelSession session, Question question, int chunk, CancellationToken cancellation)
    {
        var rows = new Dictionary<int, LogitsRow>();
        await foreach (LogitsRow row in session.Engine.LogitsAsync(
            session.Model, question.Tokens, question.Positions, chunk, cancellation))
        {
            // JSON has no word for them, and a probability cannot be had from them.
            int odd = Array.FindIndex(row.Logits, logit => !float.IsFinite(logit));
            if (odd >= 0)
            {
                throw new SamplingException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{session.Model.Path}: at position {row.Position} the logit of token {odd} is {row.Logits[odd]}; "
                    + $"the weights are damaged, download the file again"));
            }

            rows.Add(row.Position, row);
        }

        return Array.ConvertAll(question.Positions, position => rows[position]);
    }

    private static int[] ParsePositions(string text, int length) => text switch
    {
        "all" => [.. Enumerable.Range(0, length)],
        "last" => [length - 1],
        _ => ParseIntegers(text, "--positions"),
    };

    private static int[] ParseIntegers(string text, string name)
    {
        string[] words = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return Array.ConvertAll(words, word =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                ? value
                : throw new UsageException($"{name} must be integers separated by commas, found {word}"));
    }

    private static void Write(Utf8JsonWriter writer, ModelSession session, Question question, LogitsRow[] rows)
    {
        WriteIntegers(writer, "tokens", question.Tokens);
        WriteIntegers(writer, "positions", rows.Select(row => row.Position));
        if (question.Top is { } top)
        {
            writer.WriteStartArray("top");
            foreach (LogitsRow row in rows)
                WriteTop(writer, session, Logprobs.Top(row.Logits, top));
            writer.WriteEndArray();
            return;
        }

        writer.WriteStartArray("logits");
        foreach (LogitsRow row in rows)
        {
            writer.WriteStartArray();
            foreach (float logit in row.Logits)
                writer.WriteNumberValue(logit);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static void WriteTop(Utf8JsonWriter writer, ModelSession session, TokenLogprob[] best)
    {
        writer.WriteStartArray();
        foreach (TokenLogprob token in best)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", token.Id);
            writer.WriteString("piece", Piece(session, token.Id));
            writer.WriteNumber("logprob", token.Logprob);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteIntegers(Utf8JsonWriter writer, string name, IEnumerable<int> values)
    {
        writer.WriteStartArray(name);
        foreach (int value in values)
            writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }

    private static void Print(ModelSession session, Question question, LogitsRow[] rows, StandardStreams streams)
    {
        foreach (LogitsRow row in rows)
        {
            string piece = Quoted.Piece(Piece(session, question.Tokens[row.Position]));
            streams.Output.WriteLine($"after position {row.Position}, {question.Tokens[row.Position]} {piece}:");
            foreach (TokenLogprob token in Logprobs.Top(row.Logits, question.Top!.Value)) // The caller sets it.
            {
                streams.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{token.Id,8}  {token.Logprob,10:F5}  {Quoted.Piece(Piece(session, token.Id))}"));
            }
        }
    }

    /// <summary>Rows of a model's embedding that no token stands for have no piece.</summary>
    private static string Piece(ModelSession session, int id)
    {
        Tokenizer tokenizer = session.Model.Text.Tokenizer;
        return id < tokenizer.VocabularySize ? tokenizer.Piece(id) : "";
    }
}
