using System.Text;
using System.Text.Json;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>Any tokens give an answer: nothing throws, nothing is lost, and memory is bounded.</summary>
public sealed class ToolCallFuzzTests
{
    /// <summary>Bits of which calls are made, so that random answers are nearly calls.</summary>
    private static readonly string[] Bits =
    [
        "<tool_call>", "</tool_call>", "<tool", "_call>", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "<|python_tag|>",
        "<think>", "</think>", "{\"name\": \"f\", \"arguments\": {\"a\": 1}}", "{\"name\": \"f\", \"parameters\": ",
        "{\"arguments\": {}, \"name\": \"g\"}", "\"{\\\"x\\\": 2}\"", "{", "}", "{}", "[", "]", "\"", "\\", "\\u00e",
        "9", "\"name\"", "\"arguments\"", ": ", ", ", ";", "f", "g", "null", "tru", "-0.5e+1", "\n", " ", "text", "é",
        "😀", "STOP", "\u0001",
    ];

    /// <summary>Whole calls by the name of their format; random changes break some.</summary>
    private static readonly Dictionary<string, string[]> Calls = new()
    {
        ["hermes"] =
        [
            "\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"</tool_call>\", {\"b\": null}]}}\n"
            + "</tool_call>",
            "<tool_call>{\"arguments\": \"{\\\"x\\\": \\\"\\ud83d\\ude00\\\"}\", \"name\": \"other\"}</tool_call>\n",
        ],
        ["llama3"] =
        [
            "{\"name\": \"f\", \"parameters\": {\"a\": 1e5}}", "; {\"parameters\": {\"s\": \"}\"}, \"name\": \"f\"}",
            "<|python_tag|>{\"name\": \"other\"}", "[{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"f\"}]",
        ],
        ["mistral"] =
        [
            "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": \"]\"}}, {\"name\": \"g\", \"arguments\": {}}]",
            "[TOOL_CALLS]f[ARGS]{\"a\": {}}", "[TOOL_CALLS]f[CALL_ID]abc[ARGS]{}", "[TOOL_CALLS]g{\"x\": true}",
        ],
    };

    public static TheoryData<string> Formats { get; } = [.. ToolCallFormat.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Append_OfRandomAnswers_GivesCallsOfProperJsonAndLosesNoText(string name)
    {
        ToolCallFormat format = ToolCallFormat.All.Single(format => format.Name == name);
        int complete = 0, broken = 0;
        for (int i = 0; i < Fuzz.Inputs; i++)
        {
            var random = new Random(Fuzz.Seed + i);
            string[] bits = RandomBits(random, name);
            AnswerOptions options = CallPlay.Options(format, "f");
            if (random.Next(4) == 0)
                options = options with { StopStrings = ["STOP", "}\n"], ShowsStopString = random.Next(2) == 0 };
            if (random.Next(4) == 0)
                options = options with { TokensMax = random.Next(1, 60) };
            if (random.Next(4) == 0)
                options = options with { Thinking = options.Thinking with { Budget = random.Next(6) } };

            CallRecord record = CallPlay.Play(options, bits);

            complete += Check(record);
            broken += record.Lines.Count(line => line.StartsWith("broken", StringComparison.Ordinal));
            if (options is { StopStrings.Count: 0, TokensMax: null, Thinking.Budget: null })
                CheckCharacters(string.Concat(bits), record);
        }

        bool isMixed = complete > Fuzz.Inputs / 4 && broken > Fuzz.Inputs / 50;
        Assert.True(isMixed || Fuzz.Inputs < 1000, $"{complete} calls and {broken} broken ones are too few");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Append_OfRandomAnswers_DoesNotDependOnTheCut(string name)
    {
        ToolCallFormat format = ToolCallFormat.All.Single(format => format.Name == name);
        AnswerOptions options = CallPlay.Options(format, "f") with { StopStrings = ["STOP"] };
        for (int i = 0; i < Fuzz.Inputs / 4; i++)
        {
            var random = new Random(Fuzz.Seed + i);
            string text = string.Concat(RandomBits(random, name));
            string whole = CallPlay.Play(options, CallPlay.Pieces(text, int.MaxValue)).All;
            Assert.Equal(whole, CallPlay.Play(options, CallPlay.Pieces(text, 1)).All);
            Assert.Equal(whole, CallPlay.Play(options, CallPlay.Pieces(text, random.Next(2, 9))).All);
        }
    }

    /// <summary>What never ends is given up at a limit, and what is given up comes out.</summary>
    [Theory]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"", "x", true)]
    [InlineData("hermes", "<tool_call>\n{\"arguments\": {\"a\": \"", "x", false)]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"", "x", false)]
    [InlineData("hermes", "<tool_call>", "\n", false)]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": ", "[", true)]
    [InlineData("llama3", "{\"parameters\": {\"a\": \"", "x", false)]
    [InlineData("mistral", "[TOOL_CALLS]", "x", false)]
    [InlineData("mistral", "[TOOL_CALLS]f[CALL_ID]", "x", false)]
    public void Append_OfACallWithoutEnd_IsGivenUpAtALimit(string name, string begin, string more, bool isShown)
    {
        AnswerOptions options = CallPlay.Options(ToolCallFormat.All.Single(format => format.Name == name), "f");
        const int Repeats = 1100, PieceLength = 1000;
        string piece = string.Concat(Enumerable.Repeat(more, PieceLength));
        int held = 0;
        var assembler = new AnswerAssembler(
            options, new TokenText(id => id == 0 ? begin : piece, () => "", id => id == CallPlay.EndToken), []);
        var deltas = new List<AnswerDelta>();
        int given = 0;
        for (int i = 0; i <= Repeats; i++)
        {
            assembler.Append(i == 0 ? 0 : 1, deltas);
            held = Math.Max(held, assembler.OpenToolCall.Length);
            given += deltas.Where(delta => delta.Part == AnswerPart.Answer).Sum(delta => delta.Text.Length);
            deltas.Clear();
        }

        Assert.False(assembler.InToolCall);
        Assert.InRange(held, 0, (1 << 20) + PieceLength);
        Assert.Equal(begin.Length + (Repeats * PieceLength), given);
        bool warns = assembler.Warnings.Any(warning => warning.StartsWith("call 0", StringComparison.Ordinal));
        Assert.Equal(isShown, warns);
    }

    /// <summary>Mere bits, or whole calls between a few, of which some have a bit put into them or a piece cut out.
    /// </summary>
    private static string[] RandomBits(Random random, string format)
    {
        int length = random.Next(1, 16);
        bool isWild = random.Next(3) == 0;
        string[] calls = Calls[format];
        var bits = new List<string>();
        for (int i = 0; i < length; i++)
        {
            bool isCall = !isWild && random.Next(3) > 0;
            string bit = isCall ? calls[random.Next(calls.Length)] : Bits[random.Next(Bits.Length)];
            int at = random.Next(bit.Length);
            if (isCall && random.Next(6) == 0)
                bit = bit.Insert(at, Bits[random.Next(Bits.Length)]);
            else if (isCall && random.Next(6) == 0)
                bit = bit.Remove(at, random.Next(1, 1 + Math.Min(4, bit.Length - at)));
            bits.Add(bit);
        }

        return [.. bits];
    }

    /// <summary>Calls are begun, continued and ended in order; complete ones hold JSON objects.</summary>
    private static int Check(CallRecord record)
    {
        int complete = 0;
        int next = 0;
        var arguments = new StringBuilder();
        bool isOpen = false;
        foreach (string line in record.Lines)
        {
            if (line.StartsWith($"call {next} ", StringComparison.Ordinal) && !isOpen)
            {
                isOpen = true;
                arguments.Clear();
            }
            else if (line.StartsWith($"with {next} ", StringComparison.Ordinal) && isOpen)
            {
                arguments.Append(line.AsSpan($"with {next} ".Length));
            }
            else if (line == $"end {next}" && isOpen)
            {
                using JsonDocument json = JsonDocument.Parse(arguments.ToString());
                Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
                (isOpen, next, complete) = (false, next + 1, complete + 1);
            }
            else if (line == $"broken {next}" && isOpen)
            {
                (isOpen, next) = (false, next + 1);
            }
            else
            {
                Assert.False(isOpen, record.All);
                Assert.Matches("(?s)^(text|thought) .", line);
            }
        }

        Assert.Equal(complete, record.Assembler.ToolCallsComplete);
        Assert.Equal(record.Finish == FinishReason.ToolCalls, complete > 0 && record.Finish != FinishReason.Length
            && record.Assembler.StopString is null);
        Assert.True(record.Finish == FinishReason.Length || !isOpen, record.All);
        return complete;
    }

    /// <summary>Where no call came to its end, all characters but white space come out as text, in order.</summary>
    private static void CheckCharacters(string written, CallRecord record)
    {
        if (record.Assembler.ToolCallsComplete > 0)
            return;
        string shown = string.Concat(record.Lines.Where(IsText).Select(line => line[(line.IndexOf(' ') + 1)..]));
        Assert.Equal(Dense(WithoutMarkers(written)), Dense(shown));
    }

    private static bool IsText(string line) =>
        line.StartsWith("text ", StringComparison.Ordinal) || line.StartsWith("thought ", StringComparison.Ordinal);

    /// <summary>Without the markers that began and ended the thought; others are text.</summary>
    private static string WithoutMarkers(string written)
    {
        if (!written.StartsWith("<think>", StringComparison.Ordinal))
            return written;
        while (written.StartsWith("<think>", StringComparison.Ordinal))
            written = written["<think>".Length..];
        int close = written.IndexOf("</think>", StringComparison.Ordinal);
        return close < 0 ? written : written.Remove(close, "</think>".Length);
    }

    private static string Dense(string text) => string.Concat(text.Where(c => c is not (' ' or '\n')));
}
