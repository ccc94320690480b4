using System.Numerics;
using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Which two neighbouring tokens merge into which third, and in which order: the pair with the lowest rank first.
/// Immutable after building.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    internal const int NoRank = int.MaxValue;

    private const ulong Empty = ulong.MaxValue;   // ids are below 2^31, so no pair is this

    private Entry[] _entries;
    private int _count;

    internal MergeTable(int expectedCount)
    {
        _entries = NewEntries((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedCount * 2L)));
    }

    /// <summary>Adds a pair; of a pair given twice the later one counts, as in Hugging Face's tokenizers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Add(int left, int right, int rank, int merged)
    {
        if (_count * 2 >= _entries.Length)
            Grow();
        ulong key = Key(left, right);
        int slot = Slot(_entries, key);
        if (_entries[slot].Key == Empty)
            _count++;
        _entries[slot] = new Entry(key, rank, merged);
    }

    /// <summary>The rank of the pair, or <see cref="NoRank"/>; and the token that it becomes.</summary>
    internal int Rank(int left, int right, out int merged)
    {
        ref readonly Entry entry = ref _entries[Slot(_entries, Key(left, right))];
        merged = entry.Merged;
        return entry.Rank;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Slot(Entry[] entries, ulong key)
    {
        int mask = entries.Length - 1;
        int slot = (int)RandomizedHash.Of(key) & mask;
        while (entries[slot].Key != key && entries[slot].Key != Empty)
            slot = (slot + 1) & mask;
        return slot;
    }

    private static Entry[] NewEntries(int count)
    {
        var entries = new Entry[count];
        Array.Fill(entries, new Entry(Empty, NoRank, -1));
        return entries;
    }

    private void Grow()
    {
        Entry[] grown = NewEntries(_entries.Length * 2);
        foreach (Entry entry in _entries)
        {
            if (entry.Key != Empty)
                grown[Slot(grown, entry.Key)] = entry;
        }

        _entries = grown;
    }

    private readonly record struct Entry(ulong Key, int Rank, int Merged);
}
