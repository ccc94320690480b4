using System.Runtime.InteropServices;
using Fourteen.Engine.KvCache;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// How sequences come by each other's blocks: a sequence begins with those that hold its first tokens, and makes its
/// own known as they are full. Full blocks are never written again, so they are shared as they are. Engine thread only.
/// </summary>
internal sealed class PrefixSharing(BlockPool blocks)
{
    /// <summary>Gives a sequence without blocks those that hold its first tokens, all but the last token at most.
    /// </summary>
    internal void Match(Sequence sequence)
    {
        if (sequence.CacheKey is not { } key)
            return;
        int parent = PrefixIndex.Root;
        for (int index = 0; (index + 1) * KvStore.BlockTokens < sequence.Tokens.Count; index++)
        {
            if (WantsAnyOf(sequence, index)
                || (parent = blocks.Index.Find(key, parent, TokensOf(sequence, index))) < 0)
            {
                break;
            }

            blocks.Share(parent);
            sequence.Blocks.Add(parent);
        }

        sequence.BlocksPublished = sequence.Blocks.Count;
        sequence.TokensComputed = sequence.Blocks.Count * KvStore.BlockTokens;
    }

    /// <summary>
    /// Makes full blocks known. Where another sequence has computed the same meanwhile, its block is taken over and the
    /// own one is free: both hold the same bits.
    /// </summary>
    internal void Publish(Sequence sequence)
    {
        if (sequence.CacheKey is not { } key)
            return;
        for (; (sequence.BlocksPublished + 1) * KvStore.BlockTokens <= sequence.TokensComputed;
            sequence.BlocksPublished++)
        {
            int index = sequence.BlocksPublished, own = sequence.Blocks[index];
            int parent = index == 0 ? PrefixIndex.Root : sequence.Blocks[index - 1];
            int other = blocks.Index.Find(key, parent, TokensOf(sequence, index));
            if (other < 0)
            {
                blocks.Index.Publish(key, parent, TokensOf(sequence, index), own);
                continue;
            }

            blocks.Share(other);
            sequence.Blocks[index] = other;
            blocks.GiveBack(own);
        }
    }

    /// <summary>Takes a sequence's blocks back; it must be computed again.</summary>
    internal void Release(Sequence sequence)
    {
        blocks.GiveBack(sequence.Blocks);
        sequence.BlocksPublished = 0;
        sequence.TokensComputed = 0;
    }

    /// <summary>
    /// Whether a running sequence, no less urgent, is about to compute a block that this one needs too: several answers
    /// to one prompt cost one computation of it.
    /// </summary>
    internal static bool IsBeingComputed(Sequence sequence, List<Sequence> running)
    {
        foreach (Sequence other in running)
        {
            int block = other.TokensComputed / KvStore.BlockTokens, tokens = (block + 1) * KvStore.BlockTokens;
            if (other.Pending > 1 && tokens <= other.Tokens.Count && tokens < sequence.Tokens.Count
                && other.Options.Priority <= sequence.Options.Priority && other.Consumer.HasRoom
                && TokensOf(other, block).SequenceEqual(TokensOf(sequence, block)) // Cheap; most differ here.
                && sequence.CacheKey is { } key && key.Equals(other.CacheKey)
                && CollectionsMarshal.AsSpan(other.Tokens)[..tokens].SequenceEqual(
                    CollectionsMarshal.AsSpan(sequence.Tokens)[..tokens])
                && !WantsAnyOf(sequence, block))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether something is wanted of a block's positions, so that they must be computed.</summary>
    private static bool WantsAnyOf(Sequence sequence, int block)
    {
        for (int i = 0; i < KvStore.BlockTokens; i++)
        {
            int position = (block * KvStore.BlockTokens) + i;
            if (sequence.WantsLogits(position) || sequence.Consumer.WantsState(position))
                return true;
        }

        return false;
    }

    private static ReadOnlySpan<int> TokensOf(Sequence sequence, int block) =>
        CollectionsMarshal.AsSpan(sequence.Tokens).Slice(block * KvStore.BlockTokens, KvStore.BlockTokens);
}
