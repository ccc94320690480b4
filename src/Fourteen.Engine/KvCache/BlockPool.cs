namespace Fourteen.Engine.KvCache;

/// <summary>
/// Which blocks of the KV cache are free. Blocks are handed out and given back by the engine thread; a block's content
/// is its sequence's alone.
/// </summary>
internal sealed class BlockPool
{
    private readonly Stack<int> _free;
    private readonly Action<int> _touch;

    /// <param name="touch">Called before a block is handed out: gives it memory.</param>
    internal BlockPool(int blocks, Action<int> touch)
    {
        Total = blocks;
        _touch = touch;
        // Low ids come first, so that memory is asked for as it is needed.
        _free = new Stack<int>(Enumerable.Range(0, blocks).Reverse());
    }

    internal int Total { get; }

    internal int FreeCount => _free.Count;

    /// <exception cref="OutOfMemoryException">The system gives no memory for the block.</exception>
    internal bool TryTake(out int block)
    {
        if (!_free.TryPeek(out block))
            return false;
        _touch(block); // May throw for want of memory; the block is free still.
        _free.Pop();
        return true;
    }

    internal void GiveBack(List<int> blocks)
    {
        foreach (int block in blocks)
            _free.Push(block);
        blocks.Clear();
    }
}
