namespace Fourteen.Engine.KvCache;

/// <summary>
/// Who uses which blocks of the KV cache. A block is counted for each sequence that refers to it; one that nobody
/// refers to is free, or, where it is published in the <see cref="Index"/>, cached: its content stays to be found until
/// its place is needed, the longest unused first. Owned by the engine thread; the counts may be read by others.
/// </summary>
/// <remarks>
/// A sequence refers to all blocks before a published one that it refers to, and gives its blocks back deepest first.
/// So in the list of cached blocks a block comes after all that were found through it, and none loses its parent.
/// </remarks>
public sealed class BlockPool
{
    private const int None = -1;

    private readonly Action<int> _touch;
    private readonly int _cachedMax;
    private readonly int[] _references;
    private readonly int[] _older;  // of cached blocks: the one that goes before it
    private readonly int[] _newer;  // and after it
    private readonly Stack<int> _free = new();
    private int _fresh;             // blocks from here on were never handed out and have no memory yet
    private int _oldest = None;
    private int _newest = None;
    private int _cached;
    private int _inUse;

    /// <param name="blocks">How many there are.</param>
    /// <param name="cachedMax">How many of them may be cached: memory that they alone take.</param>
    /// <param name="touch">Called before a block is handed out for the first time: gives it memory.</param>
    public BlockPool(int blocks, int cachedMax, Action<int> touch)
    {
        Total = blocks;
        _cachedMax = cachedMax;
        _touch = touch;
        _references = new int[blocks];
        _older = new int[blocks];
        _newer = new int[blocks];
        Index = new PrefixIndex(blocks);
    }

    public int Total { get; }

    /// <summary>Blocks that sequences refer to, each counted once.</summary>
    public int InUse => Volatile.Read(ref _inUse);

    /// <summary>Blocks that nobody refers to and whose content can be found.</summary>
    public int Cached => Volatile.Read(ref _cached);

    /// <summary>Blocks that can be had: free ones and cached ones.</summary>
    public int Available => Total - InUse;

    /// <summary>What is published.</summary>
    public PrefixIndex Index { get; }

    /// <summary>Hands out a block with one reference, whose content nobody else sees.</summary>
    /// <exception cref="OutOfMemoryException">The system gives no memory, and no cached block can be had instead.
    /// </exception>
    public bool TryTake(out int block)
    {
        if (!_free.TryPop(out block) && !TryFresh(out block) && !TryEvict(out block))
            return false;
        _references[block] = 1;
        _inUse++;
        return true;
    }

    /// <summary>Refers to a published block once more.</summary>
    public void Share(int block)
    {
        if (_references[block]++ > 0)
            return;
        Unlink(block);
        _inUse++;
    }

    /// <summary>Takes a sequence's blocks back, in order of position, and empties the list.</summary>
    public void GiveBack(List<int> blocks)
    {
        for (int i = blocks.Count - 1; i >= 0; i--)
            GiveBack(blocks[i]);
        blocks.Clear();
    }

    /// <summary>Takes one reference back.</summary>
    public void GiveBack(int block)
    {
        if (--_references[block] > 0)
            return;
        _inUse--;
        if (Index.Holds(block))
            LinkNewest(block);
        else
            _free.Push(block);
    }

    /// <summary>Forgets the content of all cached blocks; those that sequences refer to stay published.</summary>
    public void DropCached()
    {
        while (TryEvict(out int block))
            _free.Push(block);
    }

    /// <summary>A block that was never used; fresh memory comes before the loss of what is cached.</summary>
    private bool TryFresh(out int block)
    {
        block = _fresh;
        if (_fresh == Total)
            return false;
        try
        {
            _touch(block);
        }
        catch (OutOfMemoryException) when (_cached > 0)
        {
            return false;
        }

        _fresh++;
        return true;
    }

    private bool TryEvict(out int block)
    {
        block = _oldest;
        if (block == None)
            return false;
        Unlink(block);
        Index.Remove(block);
        return true;
    }

    private void LinkNewest(int block)
    {
        _older[block] = _newest;
        _newer[block] = None;
        if (_newest == None)
            _oldest = block;
        else
            _newer[_newest] = block;
        _newest = block;
        _cached++;
        if (_cached > _cachedMax && TryEvict(out int oldest))
            _free.Push(oldest);
    }

    private void Unlink(int block)
    {
        if (_older[block] == None)
            _oldest = _newer[block];
        else
            _newer[_older[block]] = _newer[block];
        if (_newer[block] == None)
            _newest = _older[block];
        else
            _older[_newer[block]] = _older[block];
        _cached--;
    }
}
