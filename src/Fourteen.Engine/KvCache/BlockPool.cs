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

    internal bool TryTake(out int block)
    {
        if (!_free.TryPop(out block))
            return false;
        _touch(block);
        return true;
    }

    internal void GiveBack(List<int> blocks)
    {
        foreach (int block in blocks)
            _free.Push(block);
        blocks.Clear();
    }
}
