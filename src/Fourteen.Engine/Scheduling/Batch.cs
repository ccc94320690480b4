using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// What one step computes, as plain data: tokens of one or several sequences, where each stands, and the rows whose
/// logits are wanted. Filled by the scheduler, read by the transformer, both on the engine thread.
/// </summary>
internal sealed class Batch
{
    /// <summary>Ids of all rows, sequence after sequence.</summary>
    internal List<int> Tokens { get; } = [];

    /// <summary>One span for each sequence, in the order of the rows.</summary>
    internal List<AttentionSpan> Spans { get; } = [];

    /// <summary>The sequence of each span.</summary>
    internal List<Sequence> Sequences { get; } = [];

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    internal List<int> LogitRows { get; } = [];

    /// <summary>For each of <see cref="LogitRows"/>, the index of its span.</summary>
    internal List<int> LogitSpans { get; } = [];

    internal void Clear()
    {
        Tokens.Clear();
        Spans.Clear();
        Sequences.Clear();
        LogitRows.Clear();
        LogitSpans.Clear();
    }

    /// <summary>Appends the next <paramref name="count"/> tokens of a sequence.</summary>
    internal void Add(Sequence sequence, int count)
    {
        int first = Tokens.Count;
        int position = sequence.TokensComputed;
        Spans.Add(new AttentionSpan(first, count, position, sequence.Blocks));
        Sequences.Add(sequence);
        for (int i = 0; i < count; i++)
        {
            Tokens.Add(sequence.Tokens[position + i]);
            if (sequence.WantsLogits(position + i))
            {
                LogitRows.Add(first + i);
                LogitSpans.Add(Spans.Count - 1);
            }
        }
    }

    /// <summary>The frequencies that turn a span's keys and queries.</summary>
    internal RopeFrequencies Rope(int span) => Sequences[span].Rope;
}
