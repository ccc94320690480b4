using System.Runtime.InteropServices;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.KvCache;

/// <summary>
/// What cached keys and values depend on beside the tokens: two sequences share blocks only where all of it is equal.
/// The model is implied, since each has its own cache.
/// </summary>
/// <param name="Salt">Whatever a client wants its cache kept apart by; null for what all share.</param>
/// <param name="Adapter">The adapter that changes the weights; null for none.</param>
/// <param name="Rope">The object itself: cached keys are turned by it.</param>
public sealed record PrefixKey(string? Salt, string? Adapter, RopeFrequencies Rope);

/// <summary>
/// Finds full blocks of the cache by what they hold: a block is named by the block before it, or at the start of a text
/// by its <see cref="PrefixKey"/>, and by its own 32 tokens. Both are compared, not their hashes, so that two texts
/// that collide cost time and never give each other's keys; hashes are seeded for each process. Owned by the engine
/// thread.
/// </summary>
/// <remarks>
/// A parent is known by its number, so it must stay published as long as its children: <see cref="BlockPool"/> sees to
/// that.
/// </remarks>
public sealed class PrefixIndex
{
    /// <summary>The parent of the first block of a text.</summary>
    public const int Root = -1;

    /// <summary>Blocks whose entries are made together, so that publishing one allocates next to never.</summary>
    private const int PageBlocks = 64;

    private const int None = -1;

    private readonly Page?[] _pages;
    private int[] _buckets = NewBuckets(1024); // a power of two; the first entry of each chain
    private int _count;

    /// <param name="blocks">Blocks are 0 … blocks − 1.</param>
    public PrefixIndex(int blocks) => _pages = new Page?[(blocks + PageBlocks - 1) / PageBlocks];

    /// <summary>The entries of neighbouring blocks: 160 bytes a block, where its keys and values take thousands.
    /// </summary>
    private sealed class Page
    {
        internal readonly Entry[] Entries = new Entry[PageBlocks];
        internal readonly int[] Tokens = new int[PageBlocks * KvStore.BlockTokens];
    }

    private struct Entry
    {
        internal bool Published;
        internal PrefixKey? Key; // of the first block of a text; null for others
        internal int Parent;
        internal int Hash;
        internal int Next; // in the chain of its bucket
    }

    /// <summary>Whether a block can be found.</summary>
    public bool Holds(int block) => _pages[block / PageBlocks]?.Entries[block % PageBlocks].Published ?? false;

    /// <summary>The block that holds <paramref name="tokens"/> after <paramref name="parent"/>, or −1.</summary>
    /// <param name="parent">A published block, or <see cref="Root"/>.</param>
    /// <param name="tokens">The 32 of a block.</param>
    public int Find(PrefixKey key, int parent, ReadOnlySpan<int> tokens)
    {
        int hash = HashOf(key, parent, tokens);
        for (int block = _buckets[hash & (_buckets.Length - 1)]; block != None; block = EntryOf(block).Next)
        {
            ref Entry entry = ref EntryOf(block);
            if (entry.Hash == hash && entry.Parent == parent && (parent != Root || key.Equals(entry.Key))
                && tokens.SequenceEqual(TokensOf(block)))
            {
                return block;
            }
        }

        return None;
    }

    /// <summary>Makes a block known by what it holds; nothing else is known by that.</summary>
    /// <inheritdoc cref="Find"/>
    public void Publish(PrefixKey key, int parent, ReadOnlySpan<int> tokens, int block)
    {
        _pages[block / PageBlocks] ??= new Page();
        if (_count == _buckets.Length)
            Grow();
        _count++;
        tokens.CopyTo(TokensOf(block));
        ref Entry entry = ref EntryOf(block);
        entry.Published = true;
        entry.Key = parent == Root ? key : null;
        entry.Parent = parent;
        entry.Hash = HashOf(key, parent, tokens);
        Link(block);
    }

    /// <summary>Forgets a block; it is published, and no block that is has it as its parent.</summary>
    public void Remove(int block)
    {
        ref Entry entry = ref EntryOf(block);
        ref int place = ref _buckets[entry.Hash & (_buckets.Length - 1)];
        while (place != block)
            place = ref EntryOf(place).Next;
        place = entry.Next;
        entry = default;
        _count--;
    }

    private static int HashOf(PrefixKey key, int parent, ReadOnlySpan<int> tokens)
    {
        var hash = default(HashCode);
        hash.Add(parent);
        if (parent == Root)
            hash.Add(key);
        hash.AddBytes(MemoryMarshal.AsBytes(tokens));
        return hash.ToHashCode();
    }

    private static int[] NewBuckets(int count)
    {
        int[] buckets = new int[count];
        Array.Fill(buckets, None);
        return buckets;
    }

    private void Grow()
    {
        int[] old = _buckets;
        _buckets = NewBuckets(2 * old.Length);
        foreach (int first in old)
        {
            for (int block = first, next; block != None; block = next)
            {
                next = EntryOf(block).Next;
                Link(block);
            }
        }
    }

    private void Link(int block)
    {
        ref Entry entry = ref EntryOf(block);
        ref int bucket = ref _buckets[entry.Hash & (_buckets.Length - 1)];
        entry.Next = bucket;
        bucket = block;
    }

    // A block that is published or being published has its page.
    private ref Entry EntryOf(int block) => ref _pages[block / PageBlocks]!.Entries[block % PageBlocks];

    private Span<int> TokensOf(int block) =>
        _pages[block / PageBlocks]!.Tokens.AsSpan(block % PageBlocks * KvStore.BlockTokens, KvStore.BlockTokens);
}
