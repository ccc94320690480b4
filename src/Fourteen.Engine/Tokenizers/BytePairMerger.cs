using System.Numerics;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Byte-pair encoding: merges the neighbouring pair with the lowest rank (the leftmost of equals) until no pair merges.
/// Holds its buffers: one owner.
/// </summary>
internal sealed class BytePairMerger(MergeTable merges)
{
    /// <summary>
    /// Up to here a plain search for the lowest rank is faster than a heap; beyond it would be quadratic.
    /// </summary>
    private const int PlainSymbolsMax = 48;

    private const int Gone = -1;

    private int[] _next = [];        // the symbol after this one; the count after the last
    private int[] _previous = [];    // the symbol before this one; -1 before the first
    private ulong[] _heap = [];      // rank << 32 | index of the pair's left symbol, lowest first
    private int _heapCount;

    /// <summary>Bytes that this object keeps between calls.</summary>
    internal long BytesHeld => (4L * (_next.Length + _previous.Length)) + (8L * _heap.Length);

    /// <summary>Merges in place; the result is the first so many of <paramref name="symbols"/>.</summary>
    internal int Merge(Span<int> symbols) =>
        symbols.Length <= PlainSymbolsMax ? MergePlain(symbols) : MergeWithHeap(symbols);

    private int MergePlain(Span<int> symbols)
    {
        int count = symbols.Length;
        Span<int> ranks = stackalloc int[PlainSymbolsMax];     // of the pair that starts here
        Span<int> merged = stackalloc int[PlainSymbolsMax];
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = merges.Rank(symbols[i], symbols[i + 1], out merged[i]);

        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best])
                    best = i;
            }

            if (ranks[best] == MergeTable.NoRank)
                break;

            symbols[best] = merged[best];
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            count--;
            if (best + 1 < count)
            {
                ranks[(best + 2)..count].CopyTo(ranks[(best + 1)..]);
                merged[(best + 2)..count].CopyTo(merged[(best + 1)..]);
                ranks[best] = merges.Rank(symbols[best], symbols[best + 1], out merged[best]);
            }

            if (best > 0)
                ranks[best - 1] = merges.Rank(symbols[best - 1], symbols[best], out merged[best - 1]);
        }

        return count;
    }

    private int MergeWithHeap(Span<int> symbols)
    {
        int count = symbols.Length;
        Reserve(count);
        for (int i = 0; i < count; i++)
        {
            _next[i] = i + 1;
            _previous[i] = i - 1;
        }

        _heapCount = 0;
        for (int i = 0; i + 1 < count; i++)
            Push(symbols, i, i + 1);

        while (_heapCount > 0)
        {
            ulong lowest = Pop();
            int left = (int)(uint)lowest;
            int right = symbols[left] == Gone ? count : _next[left];
            // The pair may have changed since it was pushed: its rank tells, since equal ranks merge alike.
            if (right == count
                || merges.Rank(symbols[left], symbols[right], out int merged) != (int)(lowest >> 32))
            {
                continue;
            }

            symbols[left] = merged;
            symbols[right] = Gone;
            int after = _next[right];
            _next[left] = after;
            if (after < count)
            {
                _previous[after] = left;
                Push(symbols, left, after);
            }

            if (_previous[left] >= 0)
                Push(symbols, _previous[left], left);
        }

        int kept = 0;
        for (int i = 0; i < count; i = _next[i])
            symbols[kept++] = symbols[i];
        return kept;
    }

    private void Reserve(int count)
    {
        if (_next.Length >= count)
            return;
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)count);
        _next = new int[capacity];
        _previous = new int[capacity];
        _heap = new ulong[capacity];
    }

    private void Push(ReadOnlySpan<int> symbols, int left, int right)
    {
        int rank = merges.Rank(symbols[left], symbols[right], out _);
        if (rank == MergeTable.NoRank)
            return;
        if (_heapCount == _heap.Length)
            Array.Resize(ref _heap, _heap.Length * 2);

        ulong item = ((ulong)(uint)rank << 32) | (uint)left;
        int at = _heapCount++;
        while (at > 0 && _heap[(at - 1) / 2] > item)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = item;
    }

    private ulong Pop()
    {
        ulong[] heap = _heap;
        ulong lowest = heap[0];
        ulong item = heap[--_heapCount];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _heapCount)
                break;
            if (child + 1 < _heapCount && heap[child + 1] < heap[child])
                child++;
            if (heap[child] >= item)
                break;
            heap[at] = heap[child];
            at = child;
        }

        heap[at] = item;
        return lowest;
    }
}
