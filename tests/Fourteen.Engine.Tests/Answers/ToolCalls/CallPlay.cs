using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>
/// Plays an answer that was cut into pieces, each of which is a token; <c>&lt;think&gt;</c> and
/// <c>&lt;/think&gt;</c> are those of <see cref="ScriptedModel"/>. What it gives is written as lines, neighbours of a
/// kind joined.
/// </summary>
internal static class CallPlay
{
    internal const int EndToken = ScriptedModel.MessageEnd;

    private const int FirstPiece = 1000;

    internal static AnswerOptions Options(ToolCallFormat format, params string[] names) => new()
    {
        StopTokens = [EndToken],
        Thinking = ScriptedModel.Thinking,
        Tools = new ToolCallOptions { Format = format, Names = names },
    };

    /// <summary>Plays the pieces and then the end token, unless a limit or the answer's own end comes first.</summary>
    internal static CallRecord Play(AnswerOptions options, IEnumerable<string> pieces, bool isCut = false)
    {
        string[] texts = [.. pieces];
        IEnumerable<int> script = texts.Select((text, i) => text switch
        {
            "<think>" => ScriptedModel.Open,
            "</think>" => ScriptedModel.Close,
            _ => FirstPiece + i,
        });
        var text = new TokenText(
            id => id switch
            {
                ScriptedModel.Open => "<think>",
                ScriptedModel.Close => "</think>",
                >= FirstPiece => texts[id - FirstPiece],
                _ => ((char)id).ToString(), // What closes a thought is ASCII.
            },
            () => "",
            id => id is ScriptedModel.MessageStart or EndToken);
        return Play(options, text, ScriptedModel.Prompt(""), isCut ? script : script.Append(EndToken));
    }

    /// <summary>Plays tokens; where they end without a reason, the answer is cut off.</summary>
    internal static CallRecord Play(AnswerOptions options, TokenText text, int[] prompt, IEnumerable<int> script)
    {
        var assembler = new AnswerAssembler(options, text, prompt);
        var deltas = new List<AnswerDelta>();
        FinishReason? finish = null;
        using IEnumerator<int> samples = script.GetEnumerator();
        while (finish is null)
        {
            int token;
            if (assembler.ForcedTokens.Length > 0)
                token = assembler.ForcedTokens[0];
            else if (samples.MoveNext())
                token = samples.Current;
            else
                break;
            finish = assembler.Append(token, deltas);
        }

        finish ??= assembler.Finish(FinishReason.Length, deltas);
        return new CallRecord(Join(deltas), finish.Value, assembler);
    }

    /// <summary>Every cut of a text into pieces of the same length, and into three at every pair of places.</summary>
    internal static IEnumerable<string[]> Cuts(string text)
    {
        foreach (int size in (int[])[1, 2, 3, 5, 8, int.MaxValue])
            yield return [.. Pieces(text, size)];
        if (text.Contains("think>", StringComparison.Ordinal))
            yield break; // Its markers are tokens and are never cut.
        int step = 1 + (text.Length / 40); // Pairs grow with the square.
        for (int first = 0; first < text.Length; first++)
        {
            for (int second = first + 1; second < text.Length; second += step)
                yield return [text[..first], text[first..second], text[second..]];
        }
    }

    /// <summary>Pieces of a size, but markers of thought whole.</summary>
    internal static IEnumerable<string> Pieces(string text, int size)
    {
        while (text.Length > 0)
        {
            string[] tags = ["<think>", "</think>"];
            string? here = tags.FirstOrDefault(tag => text.StartsWith(tag, StringComparison.Ordinal));
            int next = tags.Select(tag => text.IndexOf(tag, 1, StringComparison.Ordinal)).Where(at => at > 0)
                .DefaultIfEmpty(text.Length).Min();
            int length = here?.Length ?? Math.Min(size, next);
            yield return text[..length];
            text = text[length..];
        }
    }

    private static string[] Join(List<AnswerDelta> deltas)
    {
        var lines = new List<string>();
        AnswerDelta? last = null;
        foreach (AnswerDelta delta in deltas)
        {
            bool isRun = delta.Part is AnswerPart.Thought or AnswerPart.Answer or AnswerPart.CallArguments;
            if (isRun && last?.Part == delta.Part && last?.Call == delta.Call)
                lines[^1] += delta.Text;
            else
                lines.Add(Label(delta) + delta.Text);
            last = delta;
        }

        return [.. lines];
    }

    private static string Label(AnswerDelta delta) => delta.Part switch
    {
        AnswerPart.Thought => "thought ",
        AnswerPart.Answer => "text ",
        AnswerPart.CallName => $"call {delta.Call} ",
        AnswerPart.CallArguments => $"with {delta.Call} ",
        AnswerPart.CallEnd => $"end {delta.Call}",
        _ => $"broken {delta.Call}",
    };
}

internal sealed record CallRecord(string[] Lines, FinishReason Finish, AnswerAssembler Assembler)
{
    /// <summary>All text of the answer, joined.</summary>
    internal string Content => string.Concat(Lines.Where(IsText).Select(line => line["text ".Length..]));

    internal string All => string.Join('\n', Lines) + $"\n{Finish}";

    private static bool IsText(string line) => line.StartsWith("text ", StringComparison.Ordinal);
}
