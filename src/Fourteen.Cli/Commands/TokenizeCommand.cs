using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fourteen.Cli.Batches;
using Fourteen.Cli.Output;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen tokenize</c>: text to token ids and back, one or many.</summary>
internal static class TokenizeCommand
{
    public static Verb Verb { get; } = new(
        "tokenize",
        "Shows the token ids of a text, or the text of token ids.",
        [
            "fourteen tokenize model.gguf \"Hello, world\"",
            "fourteen tokenize tokenizer.json \"<|im_start|>user\" --special --json",
            "fourteen tokenize model.gguf --decode 9707,11,1879",
            "fourteen tokenize model.gguf --batch rows.jsonl",
            "echo '{\"ids\":[9707]}' | fourteen tokenize model.gguf --decode --batch -",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        Argument<string> model = ModelArgument.Create(
            "a GGUF file (a vocabulary alone is enough), a tokenizer.json, a tekken.json or a SentencePiece .model, "
            + "each also gzipped, or a folder with one of them");
        var text = new Argument<string?>("TEXT")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "The text, or with --decode the ids, separated by commas or blanks; else standard input.",
        };
        var special = new Option<bool>("--special")
        {
            Description =
                "Recognize added tokens such as <|im_start|> in the text; in a batch, where a row does not say.",
        };
        var decode = new Option<bool>("--decode") { Description = "From ids to text." };
        var batch = new Option<string?>("--batch")
        {
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "FILE.jsonl",
            Description = "Answer each row {\"text\",\"special\"} of the file (- is standard input) by a line "
                + "{\"ids\"}, with --decode {\"ids\",\"skip_special\"} by {\"text\"}. special: true = all added tokens "
                + "are recognized, false = only those that are not control tokens, absent = none.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };

        command.Add(model);
        command.Add(text);
        command.Add(special);
        command.Add(decode);
        command.Add(batch);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            bool isDecode = parsed.GetValue(decode);
            bool isSpecial = parsed.GetValue(special);
            string? given = parsed.GetValue(text);
            // --decode without ids waits for rows, as --batch without a file does.
            bool isBatch = parsed.GetResult(batch) is not null || (isDecode && given is null);
            if (isBatch && given is not null)
                throw new UsageException("--batch takes its texts from the file: leave out TEXT");
            if (isDecode && isSpecial)
                throw new UsageException("--special is about encoding and cannot go with --decode");

            Tokenizer tokenizer = ModelArgument.LoadTokenizer(parsed.GetRequiredValue(model));
            string file = parsed.GetValue(batch) ?? "-";
            return (isBatch, isDecode) switch
            {
                (true, true) => BatchRun.RunAsync(streams, file, (row, _) => DecodeRow(tokenizer, row), cancellation),
                (true, false) => BatchRun.RunAsync(
                    streams, file, (row, _) => EncodeRow(tokenizer, row, isSpecial), cancellation),
                (false, true) => Decode(streams, tokenizer, given!, parsed.GetValue(json)), // else it is a batch
                (false, false) => EncodeAsync(
                    streams, tokenizer, given, isSpecial, parsed.GetValue(json), cancellation),
            };
        });
    }

    private static Action<Utf8JsonWriter> EncodeRow(Tokenizer tokenizer, BatchRow row, bool special)
    {
        AddedTokens added = row.FindBool("special") switch
        {
            true => AddedTokens.All,
            false => AddedTokens.NotControl,
            null => special ? AddedTokens.All : AddedTokens.None,
        };
        string text = row.RequireString("text");
        if (text.Length > Tokenizer.TextCharsMax)
            throw new RowException($"\"text\" {LengthRule(text)}");
        int[] ids = tokenizer.Encode(text, added);
        return writer => WriteIds(writer, ids);
    }

    private static Action<Utf8JsonWriter> DecodeRow(Tokenizer tokenizer, BatchRow row)
    {
        int[] ids = row.RequireIntegers("ids");
        int wrong = Array.FindIndex(ids, id => !Exists(tokenizer, id));
        if (wrong >= 0)
            throw new RowException($"\"ids\"[{wrong}] must be {IdRange(tokenizer)}, found {ids[wrong]}");
        string text = tokenizer.Decode(ids, row.FindBool("skip_special") ?? false);
        return writer => writer.WriteString("text", text);
    }

    private static async Task<int> EncodeAsync(
        StandardStreams streams,
        Tokenizer tokenizer,
        string? given,
        bool special,
        bool json,
        CancellationToken cancellation)
    {
        string text = given ?? await streams.ReadTextAsync("TEXT", cancellation);
        if (text.Length > Tokenizer.TextCharsMax)
            throw new UsageException($"TEXT {LengthRule(text)}");
        int[] ids = tokenizer.Encode(text, special ? AddedTokens.All : AddedTokens.None);
        if (json)
        {
            JsonLine.Print(streams, writer =>
            {
                WriteIds(writer, ids);
                writer.WriteStartArray("pieces");
                foreach (int id in ids)
                    writer.WriteStringValue(tokenizer.Piece(id));
                writer.WriteEndArray();
            });
            return Program.Success;
        }

        foreach (int id in ids)
            streams.Output.WriteLine($"{id,8}  {Quoted.Piece(tokenizer.Piece(id))}");
        streams.Error.WriteLine($"{ids.Length} tokens for {Encoding.UTF8.GetByteCount(text)} bytes");
        return Program.Success;
    }

    private static Task<int> Decode(StandardStreams streams, Tokenizer tokenizer, string given, bool json)
    {
        string text = tokenizer.Decode(ParseIds(tokenizer, given), skipSpecial: false);
        if (json)
            JsonLine.Print(streams, writer => writer.WriteString("text", text));
        else
            streams.Output.WriteLine(text);
        return Task.FromResult(Program.Success);
    }

    private static int[] ParseIds(Tokenizer tokenizer, string text)
    {
        string[] words = text.Split(
            [',', ' ', '\t', '\n', '\r', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        var ids = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i])
                || !Exists(tokenizer, ids[i]))
                throw new UsageException($"an id must be {IdRange(tokenizer)}, found {words[i]}");
        }

        return ids;
    }

    private static string LengthRule(string text) =>
        $"may have {Tokenizer.TextCharsMax} characters, found {text.Length}";

    private static bool Exists(Tokenizer tokenizer, int id) => id >= 0 && id < tokenizer.VocabularySize;

    private static string IdRange(Tokenizer tokenizer) => $"an integer from 0 to {tokenizer.VocabularySize - 1}";

    private static void WriteIds(Utf8JsonWriter writer, int[] ids)
    {
        writer.WriteStartArray("ids");
        foreach (int id in ids)
            writer.WriteNumberValue(id);
        writer.WriteEndArray();
    }
}
