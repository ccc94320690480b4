using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// What one step computes, as plain data: tokens of one or several sequences, where each stands, and the rows whose
/// logits are wanted. Filled by the scheduler, read by the transformer, both on the engine thread.
/// </summary>
public sealed class Batch
{
    /// <summary>Ids of all rows, sequence after sequence.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>One span for each sequence, in the order of the rows.</summary>
    public List<AttentionSpan> Spans { get; } = [];

    /// <summary>The sequence of each span.</summary>
    public List<Sequence> Sequences { get; } = [];

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public List<int> LogitRows { get; } = [];

    /// <summary>For each of <see cref="LogitRows"/>, the index of its span.</summary>
    public List<int> LogitSpans { get; } = [];

    /// <summary>Rows whose state after the last layer is wanted, ascending.</summary>
    public List<int> StateRows { get; } = [];

    /// <summary>For each of <see cref="StateRows"/>, the index of its span.</summary>
    public List<int> StateSpans { get; } = [];

    /// <summary>Tokens of prompts, which no stream waits for.</summary>
    public int PromptTokens { get; private set; }

    /// <summary>Whether there are tokens of streams.</summary>
    public bool HasStreams { get; private set; }

    /// <summary>The deepest position of a prompt's tokens.</summary>
    public int PromptDepth { get; private set; }

    public void Clear()
    {
        PromptTokens = 0;
        PromptDepth = 0;
        HasStreams = false;
        StateRows.Clear();
        StateSpans.Clear();
        Tokens.Clear();
        Spans.Clear();
        Sequences.Clear();
        LogitRows.Clear();
        LogitSpans.Clear();
    }

    /// <summary>Appends the next <paramref name="count"/> tokens of a sequence.</summary>
    public void Add(Sequence sequence, int count)
    {
        int first = Tokens.Count;
        int position = sequence.TokensComputed;
        Spans.Add(new AttentionSpan(first, count, position, sequence.Blocks));
        Sequences.Add(sequence);
        if (sequence.IsStream)
        {
            HasStreams = true;
        }
        else
        {
            PromptTokens += count;
            PromptDepth = Math.Max(PromptDepth, position + count - 1);
        }

        for (int i = 0; i < count; i++)
        {
            Tokens.Add(sequence.Tokens[position + i]);
            if (sequence.WantsLogits(position + i))
            {
                LogitRows.Add(first + i);
                LogitSpans.Add(Spans.Count - 1);
            }

            if (sequence.Consumer.WantsState(position + i))
            {
                StateRows.Add(first + i);
                StateSpans.Add(Spans.Count - 1);
            }
        }
    }

    /// <summary>The position of a row of a span.</summary>
    public int PositionOf(int span, int row) => Spans[span].FirstPosition + row - Spans[span].FirstRow;

    /// <summary>The frequencies that turn a span's keys and queries.</summary>
    public RopeFrequencies Rope(int span) => Sequences[span].Rope;
}
