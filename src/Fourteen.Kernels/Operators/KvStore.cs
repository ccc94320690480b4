using Fourteen.Kernels.Memory;

namespace Fourteen.Kernels.Operators;

/// <summary>Rows of a step that belong to one sequence, in order of position.</summary>
/// <param name="FirstRow">First row of the step's matrices.</param>
/// <param name="Count">Rows.</param>
/// <param name="FirstPosition">Position of the first row in its sequence; positions before it are in the cache.</param>
/// <param name="Blocks">The sequence's blocks: position p is in block p / <see cref="KvStore.BlockTokens"/>.</param>
public readonly record struct AttentionSpan(int FirstRow, int Count, int FirstPosition, IReadOnlyList<int> Blocks);

/// <summary>
/// The memory of the KV cache: blocks of <see cref="BlockTokens"/> positions over all layers, allocated when first used
/// and kept. In a block, per layer and key/value head, keys stand as [headDim, positions] and values as
/// [positions, headDim], so that attention reads both in place with one position, or one channel, a lane. Quantized
/// ones (<see cref="IKvRows"/>) are followed by their scales, [headDim / 32, positions] halves, one for 32 channels of
/// a position.
/// Owned by the engine thread; workers read and write it while a job runs.
/// </summary>
public sealed unsafe class KvStore : IDisposable
{
    /// <summary>Positions of a block: four 256-bit vectors of keys.</summary>
    public const int BlockTokens = 32;

    private readonly AlignedBuffer?[] _slabs;
    private readonly int _slabBlocks;
    private readonly long _numbersBytes;
    private readonly long _headBytes;

    /// <exception cref="ArgumentException">The type does not go with the head size.</exception>
    public KvStore(int layers, int kvHeads, int headDim, KvType type, int blocksMax)
    {
        if (!type.Takes(headDim))
            throw new ArgumentException($"{type} takes heads of whole groups of 32, found {headDim}.", nameof(type));
        Layers = layers;
        KvHeads = kvHeads;
        HeadDim = headDim;
        Type = type;
        BlocksMax = blocksMax;
        _numbersBytes = (long)headDim * BlockTokens * type.Bits() / 8;
        _headBytes = 2 * (_numbersBytes + (type.IsQuantized() ? headDim / KvTypes.Group * BlockTokens * 2L : 0));
        // As many blocks together as fill huge pages, which spare reading a long context many look-ups of addresses.
        long blocks = (AlignedBuffer.HugeFromBytes + BlockBytes - 1) / BlockBytes;
        _slabBlocks = (int)Math.Clamp(blocks, 1, Math.Max(1, blocksMax));
        _slabs = new AlignedBuffer?[(blocksMax + _slabBlocks - 1) / _slabBlocks];
    }

    public int Layers { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public KvType Type { get; }

    /// <summary>Blocks that may be in use at once.</summary>
    public int BlocksMax { get; }

    /// <summary>Bytes of one block over all layers.</summary>
    public long BlockBytes => _headBytes * KvHeads * Layers;

    /// <summary>Makes sure that a block has memory.</summary>
    public void Touch(int block)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)BlocksMax, nameof(block));
        _slabs[block / _slabBlocks] ??= new AlignedBuffer(_slabBlocks * BlockBytes, zeroed: false);
    }

    public void Dispose()
    {
        foreach (AlignedBuffer? slab in _slabs)
            slab?.Dispose();
    }

    /// <summary>The keys of one layer and head in a block; its values follow at <see cref="ValuesOf"/>.</summary>
    internal byte* Head(int layer, int block, int head)
    {
        AlignedBuffer memory = _slabs[block / _slabBlocks]
            ?? throw new InvalidOperationException($"Block {block} has no memory.");
        long inSlab = ((((long)(block % _slabBlocks) * Layers) + layer) * KvHeads) + head;
        return (byte*)memory.Address + (inSlab * _headBytes);
    }

    internal byte* ValuesOf(byte* head) => head + (_headBytes / 2);

    /// <summary>The scales of the keys or of the values of a quantized type.</summary>
    internal ushort* ScalesOf(byte* numbers) => (ushort*)(numbers + _numbersBytes);
}
