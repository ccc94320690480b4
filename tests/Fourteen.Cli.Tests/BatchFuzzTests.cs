using System.Buffers;
using System.Text;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests;

/// <summary>Broken rows of batches: each gets one line of JSON, its answer or what is wrong with it.</summary>
public sealed class BatchFuzzTests
{
    private const string Tokenizer = "vocab/smollm2-vocab.gguf";

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private static readonly string[] Messages =
    [
        """
        {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant",
        "content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":{"a":[1,2.5,null]}}}]},
        {"role":"tool","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
        "kwargs":{"add_generation_prompt":true,"now":"2026-01-15T12:00:00","continue_final_message":false}}
        """,
        """{"template":"{% for x in xs %}{{ x|tojson }}{% endfor %}","vars":{"xs":[1,"a",{"b":[true]}]}}""",
    ];

    private static readonly string[] Texts =
        ["""{"text":"Hello <|im_end|> caf\u00e9 \ud83d\ude00","special":true}""", """{"text":"a","special":false}"""];

    private static readonly string[] Ids = ["""{"ids":[1,2,300,400],"skip_special":true}""", """{"ids":[]}"""];

    // Keys are compared when a row is parsed, and half a surrogate pair is none.
    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"text":"a","kwargs":{"\udc00x":1}}""")]
    [InlineData("""{"text":"\ud800"}""")]
    public async Task Tokenize_OnHalfASurrogatePair_GoesOnAfterThatRow(string row)
    {
        CommandLineRun run = await CommandLineRun.WithInputAsync(
            row + "\n{\"text\":\"a\"}\n", "tokenize", SharedFiles.Model(Tokenizer), "--batch");

        Assert.Equal(Program.Failure, run.Code);
        Assert.Equal(2, run.Lines.Length);
        Assert.Contains("half a surrogate pair", run.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("{\"ids\":[", run.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public Task Template_OnBrokenRows_AnswersEach() =>
        AnswersEach(Messages, "template", SharedFiles.Model("qwen3-tiny-chat"), "--batch");

    [Fact]
    public Task Tokenize_OnBrokenRows_AnswersEach() =>
        AnswersEach(Texts, "tokenize", SharedFiles.Model(Tokenizer), "--batch");

    [Fact]
    public Task Decode_OnBrokenRows_AnswersEach() =>
        AnswersEach(Ids, "tokenize", SharedFiles.Model(Tokenizer), "--batch", "--decode");

    private static async Task AnswersEach(string[] seeds, params string[] args)
    {
        JsonMutator[] mutators = [.. seeds.Select(seed => new JsonMutator(Encoding.UTF8.GetBytes(seed)))];
        const int RowsTogether = 1000; // in memory at once
        int answered = 0;
        for (int first = 0; first < Fuzz.Inputs; first += RowsTogether)
        {
            int count = Math.Min(RowsTogether, Fuzz.Inputs - first);
            var input = new MemoryStream();
            for (int seed = Fuzz.Seed + first; seed < Fuzz.Seed + first + count; seed++)
            {
                var random = new Random(seed);
                byte[] row = mutators[random.Next(mutators.Length)].Next(random);
                // A row is one line, and is not blank.
                row.AsSpan().ReplaceAny(LineEnds, (byte)' ');
                input.Write(row.AsSpan().Trim(" \t"u8) is [] ? "{}"u8 : row);
                input.WriteByte((byte)'\n');
            }

            input.Position = 0;
            CommandLineRun run = await CommandLineRun.WithInputAsync(
                input, TestContext.Current.CancellationToken, args);

            string where = $"seeds {Fuzz.Seed + first} to {Fuzz.Seed + first + count - 1}";
            Assert.True(run.Code is Program.Success or Program.Failure, $"{where}: {run.Error}");
            Assert.True(run.Lines.Length == count, $"{where}: {run.Lines.Length} of {count} rows: {run.Error}");
            answered += run.Lines.Count(line => !Golden.Parse(line).TryGetProperty("error", out _));
        }

        bool mixed = answered > Fuzz.Inputs / 50 && Fuzz.Inputs - answered > Fuzz.Inputs / 50;
        Assert.True(mixed || Fuzz.Inputs < 1000, $"{answered} of {Fuzz.Inputs} rows were answered");
    }
}
