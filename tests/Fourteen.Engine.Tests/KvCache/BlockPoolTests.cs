using Fourteen.Engine.KvCache;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;
using Xunit;

namespace Fourteen.Engine.Tests.KvCache;

public sealed class BlockPoolTests
{
    private static readonly RopeFrequencies Rope = RopeFrequencies.Yarn(1e6, 64, 2, 128, 32, 1, 1);

    private static readonly PrefixKey Key = new(null, null, Rope);

    [Fact]
    public void Index_KeysThatDiffer_AreKeptApart()
    {
        var index = new PrefixIndex(8);
        int[] tokens = Tokens(1);
        index.Publish(Key, PrefixIndex.Root, tokens, 3);
        Assert.Equal(3, index.Find(new PrefixKey(null, null, Rope), PrefixIndex.Root, tokens));
        var same = RopeFrequencies.Yarn(1e6, 64, 2, 128, 32, 1, 1); // Equal numbers, and another object.
        foreach (PrefixKey other in (PrefixKey[])[new("a", null, Rope), new(null, "a", Rope), new(null, null, same)])
            Assert.Equal(-1, index.Find(other, PrefixIndex.Root, tokens));
        Assert.Equal(-1, index.Find(Key, 3, tokens));
        Assert.Equal(-1, index.Find(Key, PrefixIndex.Root, Tokens(2)));
    }

    [Fact]
    public void Index_ManyEntries_AreAllFoundAndRemoved()
    {
        const int Count = 5000; // More than the buckets at the start.
        var index = new PrefixIndex(Count);
        for (int i = 0; i < Count; i++)
            index.Publish(Key, i % 3 == 0 ? PrefixIndex.Root : i - 1, Tokens(i), i);
        for (int i = 0; i < Count; i += 2)
            index.Remove(i);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(i % 2 == 0 ? -1 : i, index.Find(Key, i % 3 == 0 ? PrefixIndex.Root : i - 1, Tokens(i)));
            Assert.Equal(i % 2 == 1, index.Holds(i));
        }
    }

    [Fact]
    public void Take_Exhausted_EvictsTheLongestUnusedLeafFirst()
    {
        var pool = new BlockPool(4, 4, _ => { });
        List<int> first = Publish(pool, 2, seed: 1), second = Publish(pool, 2, seed: 2);
        int[] old = [.. first], young = [.. second];
        pool.GiveBack(first);
        pool.GiveBack(second);
        Assert.Equal((0, 4, 4), (pool.InUse, pool.Cached, pool.Available));
        int[] taken = [.. Enumerable.Range(0, 4).Select(_ => pool.TryTake(out int block) ? block : -1)];
        Assert.Equal([old[1], old[0], young[1], young[0]], taken);
        Assert.False(pool.TryTake(out _));
        Assert.Equal((4, 0, 0), (pool.InUse, pool.Cached, pool.Available));
    }

    [Fact]
    public void Take_WhileCachedBlocksAreShared_LeavesThoseAlone()
    {
        var pool = new BlockPool(3, 3, _ => { });
        List<int> blocks = Publish(pool, 2, seed: 1);
        int root = blocks[0], leaf = blocks[1];
        pool.GiveBack(blocks);
        pool.Share(root);
        Assert.True(pool.TryTake(out int fresh));
        Assert.NotEqual(leaf, fresh);
        Assert.True(pool.TryTake(out int evicted));
        Assert.Equal(leaf, evicted);
        Assert.False(pool.TryTake(out _));
        pool.GiveBack(root);
        Assert.Equal((2, 1), (pool.InUse, pool.Cached));
    }

    [Fact]
    public void Take_WithoutMemory_EvictsBeforeItFails()
    {
        int memory = 1;
        var pool = new BlockPool(3, 3, _ => memory = memory > 0 ? memory - 1 : throw new OutOfMemoryException());
        List<int> blocks = Publish(pool, 1, seed: 1);
        int block = blocks[0];
        pool.GiveBack(blocks);
        Assert.True(pool.TryTake(out int taken));
        Assert.Equal(block, taken);
        Assert.Throws<OutOfMemoryException>(() => pool.TryTake(out _));
        Assert.Equal(1, pool.InUse);
    }

    [Fact]
    public void GiveBack_BeyondWhatMayBeCached_ForgetsTheOldest()
    {
        var pool = new BlockPool(8, 3, _ => { });
        List<int> first = Publish(pool, 2, seed: 1), second = Publish(pool, 2, seed: 2);
        int root = first[0], leaf = first[1];
        pool.GiveBack(first);
        pool.GiveBack(second);
        Assert.Equal((0, 3), (pool.InUse, pool.Cached));
        Assert.Equal((true, false), (pool.Index.Holds(root), pool.Index.Holds(leaf)));
        Assert.True(pool.TryTake(out int block));
        Assert.Equal(leaf, block); // Memory that is there comes before more.
    }

    [Fact]
    public void Drop_ForgetsWhatNobodyUses()
    {
        var pool = new BlockPool(4, 4, _ => { });
        List<int> used = Publish(pool, 1, seed: 1), unused = Publish(pool, 2, seed: 2);
        pool.GiveBack(unused);
        pool.DropCached();
        Assert.Equal((1, 0), (pool.InUse, pool.Cached));
        Assert.Equal(used[0], pool.Index.Find(Key, PrefixIndex.Root, Tokens(100)));
        Assert.Equal(-1, pool.Index.Find(Key, PrefixIndex.Root, Tokens(200)));
    }

    /// <summary>Takes blocks and publishes them as one text.</summary>
    private static List<int> Publish(BlockPool pool, int count, int seed)
    {
        var blocks = new List<int>();
        for (int i = 0; i < count; i++)
        {
            Assert.True(pool.TryTake(out int block));
            pool.Index.Publish(Key, i == 0 ? PrefixIndex.Root : blocks[^1], Tokens((100 * seed) + i), block);
            blocks.Add(block);
        }

        return blocks;
    }

    private static int[] Tokens(int seed) => [.. Enumerable.Range(seed, KvStore.BlockTokens)];
}
