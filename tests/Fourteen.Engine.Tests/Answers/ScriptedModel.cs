using System.Text;
using Fourteen.Engine.Answers;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Tests.Answers;

/// <summary>
/// A vocabulary for tests without a model: the 256 bytes, then <c>&lt;think&gt;</c>, <c>&lt;/think&gt;</c>, the message
/// markers and an end of text. A sentence is one byte per token, so every cut through characters occurs.
/// </summary>
internal sealed class ScriptedModel
{
    internal const int Open = 256;
    internal const int Close = 257;
    internal const int MessageStart = 258;
    internal const int MessageEnd = 259;
    internal const int EndOfText = 260;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal static ThinkingOptions Thinking { get; } = new()
    {
        OpenToken = Open,
        CloseToken = Close,
        MessageStartToken = MessageStart,
        EmptyThought = Encode(ThinkingOptions.EmptyThoughtText),
        StopSentence = Encode(ThinkingOptions.StopSentenceText),
        BareClosing = Encode(ThinkingOptions.BareClosingText),
    };

    /// <summary>The prompt of a question with what the template puts behind it.</summary>
    internal static int[] Prompt(string afterStart) =>
        [MessageStart, .. Encode("user\nq <think>x</think>"), MessageEnd, .. Encode("\n"), MessageStart,
            .. Encode("assistant\n" + afterStart)];

    /// <summary>The tokens of a text, its markers as tokens of their own.</summary>
    internal static int[] Encode(string text)
    {
        var ids = new List<int>();
        while (text.Length > 0)
        {
            (int id, int length) = text.StartsWith("<think>", StringComparison.Ordinal) ? (Open, 7)
                : text.StartsWith("</think>", StringComparison.Ordinal) ? (Close, 8) : (-1, 1);
            if (id < 0)
            {
                length = char.IsHighSurrogate(text[0]) ? 2 : 1;
                ids.AddRange(Encoding.UTF8.GetBytes(text[..length]).Select(b => (int)b));
            }
            else
            {
                ids.Add(id);
            }

            text = text[length..];
        }

        return [.. ids];
    }

    internal TokenText Text() => new(Append, () => Decode([], flush: true), id => id >= MessageStart);

    /// <summary>
    /// Plays the engine's loop: forced tokens first, then the script; ends at a reason or, by length, where the script
    /// ends.
    /// </summary>
    internal static Played Play(AnswerOptions options, int[] prompt, IEnumerable<int> script)
    {
        var assembler = new AnswerAssembler(options, new ScriptedModel().Text(), prompt);
        var deltas = new List<AnswerDelta>();
        var appended = new List<int>();
        using IEnumerator<int> samples = script.GetEnumerator();
        FinishReason? finish = null;
        while (finish is null)
        {
            int token;
            if (assembler.ForcedTokens.Length > 0)
                token = assembler.ForcedTokens[0];
            else if (samples.MoveNext())
                token = samples.Current;
            else
                break;
            appended.Add(token);
            finish = assembler.Append(token, deltas);
        }

        finish ??= assembler.Finish(FinishReason.Length, deltas);
        return new Played(Join(deltas, AnswerPart.Thought), Join(deltas, AnswerPart.Answer), finish.Value)
        {
            Appended = appended,
            TokensUsed = assembler.TokensUsed,
            StopString = assembler.StopString,
        };
    }

    private static string Join(List<AnswerDelta> deltas, AnswerPart part) =>
        string.Concat(deltas.Where(delta => delta.Part == part).Select(delta => delta.Text));

    private string Append(int id) => id switch
    {
        < 256 => Decode([(byte)id], flush: false),
        Open => Decode([], flush: true) + "<think>",
        Close => Decode([], flush: true) + "</think>",
        _ => throw new InvalidOperationException("A control token is not to be decoded."),
    };

    private string Decode(byte[] bytes, bool flush)
    {
        var chars = new char[8];
        return new string(chars, 0, _decoder.GetChars(bytes, 0, bytes.Length, chars, 0, flush));
    }
}

internal sealed record Played(string Thought, string Answer, FinishReason Finish)
{
    public required List<int> Appended { get; init; }

    public required int TokensUsed { get; init; }

    public required string? StopString { get; init; }
}
