using Fourteen.Engine.KvCache;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// Decides what the next step of a model computes: a budget of tokens spent on the difference between known and
/// computed tokens of its sequences, those that need a single token first. There are no phases: prompts, chunks of
/// prompts, new tokens and recomputation are the same thing.
/// </summary>
internal sealed class Scheduler(BlockPool blocks, int stepTokens)
{
    /// <summary>Admitted sequences, the longest-waiting first.</summary>
    private readonly List<Sequence> _sequences = [];

    internal IReadOnlyList<Sequence> Sequences => _sequences;

    /// <summary>The sequence that <see cref="Fill"/> last tried to give room to: whose it is if it throws.</summary>
    internal Sequence? Current { get; private set; }

    internal void Add(Sequence sequence) => _sequences.Add(sequence);

    /// <summary>Takes a sequence out and its blocks back.</summary>
    internal void Remove(Sequence sequence)
    {
        _sequences.Remove(sequence);
        blocks.GiveBack(sequence.Blocks);
    }

    /// <summary>Fills <paramref name="batch"/>; leaves it empty where no sequence can go on.</summary>
    /// <exception cref="OutOfMemoryException">There is no memory for a block of <see cref="Current"/>.</exception>
    internal void Fill(Batch batch)
    {
        batch.Clear();
        int budget = stepTokens;
        int logitRows = Transformer.LogitRowsMax;
        // Those that only need their newest token come first, so that nobody's stream waits for another's prompt.
        for (int i = 0; i < _sequences.Count && budget > 0; i++)
        {
            if (_sequences[i].Tokens.Count - _sequences[i].TokensComputed == 1)
                Schedule(_sequences[i], batch, ref budget, ref logitRows);
        }

        for (int i = 0; i < _sequences.Count && budget > 0; i++)
        {
            if (_sequences[i].Tokens.Count - _sequences[i].TokensComputed > 1)
                Schedule(_sequences[i], batch, ref budget, ref logitRows);
        }
    }

    private void Schedule(Sequence sequence, Batch batch, ref int budget, ref int logitRows)
    {
        if (!sequence.Consumer.HasRoom)
            return;
        Current = sequence;
        int pending = sequence.Tokens.Count - sequence.TokensComputed;
        int count = Math.Min(Math.Min(pending, sequence.ChunkMax), budget);
        count = UpToLogitRows(sequence, count, ref logitRows);
        if (count == 0 || !MakeRoom(sequence, sequence.TokensComputed + count, batch))
            return;
        batch.Add(sequence, count);
        budget -= count;
    }

    /// <summary>Cuts a chunk where the step's rows of logits run out, and takes the rows it uses.</summary>
    private static int UpToLogitRows(Sequence sequence, int count, ref int logitRows)
    {
        for (int i = 0; i < count; i++)
        {
            if (!sequence.WantsLogits(sequence.TokensComputed + i))
                continue;
            if (logitRows == 0)
                return i;
            logitRows--;
        }

        return count;
    }

    /// <summary>
    /// Gives a sequence blocks up to a length; where none are free, another that is not in the batch loses its own and
    /// is computed again later: one that waits for its reader, so that no reader keeps others waiting, else the
    /// youngest.
    /// </summary>
    private bool MakeRoom(Sequence sequence, int length, Batch batch)
    {
        while (sequence.Blocks.Count * KvStore.BlockTokens < length)
        {
            if (blocks.TryTake(out int block))
            {
                sequence.Blocks.Add(block);
                continue;
            }

            if (FindVictim(sequence, batch) is not { } victim)
                return false;
            blocks.GiveBack(victim.Blocks);
            victim.TokensComputed = 0;
        }

        return true;
    }

    private Sequence? FindVictim(Sequence sequence, Batch batch)
    {
        int own = _sequences.IndexOf(sequence);
        bool CanLose(Sequence other) =>
            other != sequence && other.Blocks.Count > 0 && !batch.Sequences.Contains(other);
        int youngest = _sequences.FindLastIndex(CanLose);
        return _sequences.FindLast(other => CanLose(other) && !other.Consumer.HasRoom)
            ?? (youngest > own ? _sequences[youngest] : null);
    }
}
