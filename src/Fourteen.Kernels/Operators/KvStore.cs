using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;

namespace Fourteen.Kernels.Operators;

/// <summary>How keys and values are stored.</summary>
public enum KvType
{
    /// <summary>Half precision, rounded to nearest, saturating at ±65,504.</summary>
    F16,

    /// <summary>32-bit floats.</summary>
    F32,
}

/// <summary>Rows of a step that belong to one sequence, in order of position.</summary>
/// <param name="FirstRow">First row of the step's matrices.</param>
/// <param name="Count">Rows.</param>
/// <param name="FirstPosition">Position of the first row in its sequence; positions before it are in the cache.</param>
/// <param name="Blocks">The sequence's blocks: position p is in block p / <see cref="KvStore.BlockTokens"/>.</param>
public readonly record struct AttentionSpan(int FirstRow, int Count, int FirstPosition, IReadOnlyList<int> Blocks);

/// <summary>
/// The memory of the KV cache: blocks of <see cref="BlockTokens"/> positions over all layers, allocated when first used
/// and kept. In a block, per layer and key/value head, keys stand as [headDim, positions] and values as
/// [positions, headDim], so that attention reads both in place with one position, or one channel, a lane.
/// Owned by the engine thread; workers read it while attention runs.
/// </summary>
public sealed unsafe class KvStore : IDisposable
{
    /// <summary>Positions of a block: four 256-bit vectors of keys.</summary>
    public const int BlockTokens = 32;

    private readonly AlignedBuffer?[] _blocks;
    private readonly long _headBytes;

    public KvStore(int layers, int kvHeads, int headDim, KvType type, int blocksMax)
    {
        Layers = layers;
        KvHeads = kvHeads;
        HeadDim = headDim;
        Type = type;
        ElementBytes = type == KvType.F16 ? 2 : 4;
        _headBytes = 2L * headDim * BlockTokens * ElementBytes;
        _blocks = new AlignedBuffer?[blocksMax];
    }

    public int Layers { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public KvType Type { get; }

    /// <summary>Blocks that may be in use at once.</summary>
    public int BlocksMax => _blocks.Length;

    /// <summary>Bytes of one block over all layers.</summary>
    public long BlockBytes => _headBytes * KvHeads * Layers;

    /// <summary>Makes sure that a block has memory.</summary>
    public void Touch(int block) => _blocks[block] ??= new AlignedBuffer(BlockBytes, zeroed: false);

    /// <summary>
    /// Stores the keys and values of a span, [rows, kvHeads · headDim] each, in one layer.
    /// </summary>
    public void Write(int layer, in AttentionSpan span, FloatMatrix keys, FloatMatrix values)
    {
        for (int i = 0; i < span.Count; i++)
        {
            int position = span.FirstPosition + i;
            int block = span.Blocks[position / BlockTokens];
            for (int head = 0; head < KvHeads; head++)
            {
                float* key = keys.Pointer(span.FirstRow + i) + (head * HeadDim);
                float* value = values.Pointer(span.FirstRow + i) + (head * HeadDim);
                byte* at = Head(layer, block, head);
                WriteKey(key, at, position % BlockTokens);
                WriteValue(value, ValuesOf(at), position % BlockTokens);
            }
        }
    }

    public void Dispose()
    {
        foreach (AlignedBuffer? block in _blocks)
            block?.Dispose();
    }

    internal int ElementBytes { get; }

    /// <summary>The keys of one layer and head in a block; its values follow at <see cref="ValuesOf"/>.</summary>
    internal byte* Head(int layer, int block, int head)
    {
        AlignedBuffer memory = _blocks[block] ?? throw new InvalidOperationException($"Block {block} has no memory.");
        return (byte*)memory.Address + ((((long)layer * KvHeads) + head) * _headBytes);
    }

    internal byte* ValuesOf(byte* head) => head + (_headBytes / 2);

    private void WriteKey(float* key, byte* target, int slot)
    {
        if (Type == KvType.F32)
        {
            for (int i = 0; i < HeadDim; i++)
                ((float*)target)[(i * BlockTokens) + slot] = key[i];
            return;
        }

        ushort* halves = stackalloc ushort[8];
        int lane = 0;
        for (; lane + 8 <= HeadDim; lane += 8)
        {
            ToHalves(key + lane, halves);
            for (int i = 0; i < 8; i++)
                ((ushort*)target)[((lane + i) * BlockTokens) + slot] = halves[i];
        }

        for (; lane < HeadDim; lane++)
            ((ushort*)target)[(lane * BlockTokens) + slot] = ToHalf(key[lane]);
    }

    private void WriteValue(float* value, byte* target, int slot)
    {
        if (Type == KvType.F32)
        {
            Buffer.MemoryCopy(value, (float*)target + (slot * HeadDim), HeadDim * 4L, HeadDim * 4L);
            return;
        }

        ushort* at = (ushort*)target + (slot * HeadDim);
        int lane = 0;
        for (; lane + 8 <= HeadDim; lane += 8)
            ToHalves(value + lane, at + lane);
        for (; lane < HeadDim; lane++)
            at[lane] = ToHalf(value[lane]);
    }

    /// <summary>
    /// Eight floats to halves, rounded half to even: a normal half is the float's bits with the exponent's bias moved
    /// by 112 and the 13 lowest bits rounded away; below 2^−14 adding 0.5 aligns the fraction so that the addition
    /// rounds it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToHalves(float* source, ushort* target)
    {
        Vector256<float> x = Vector256.Load(source);
        Vector256<float> absolute = Vector256.Min(Vector256.Abs(x), Vector256.Create(65504f));
        Vector256<int> bits = absolute.AsInt32();
        Vector256<int> odd = (bits >>> 13) & Vector256.Create(1);
        Vector256<int> normal = (bits + odd + Vector256.Create(0xFFF - (112 << 23))) >>> 13;
        Vector256<int> small = (absolute + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0.5f).AsInt32();
        Vector256<int> isSmall = Vector256.LessThan(absolute, Vector256.Create(6.103515625e-5f)).AsInt32();
        Vector256<int> isNumber = Vector256.Equals(x, x).AsInt32();
        Vector256<int> half = Vector256.ConditionalSelect(isSmall, small, normal);
        half = Vector256.ConditionalSelect(isNumber, half, Vector256.Create(0x7E00));
        half |= (x.AsInt32() >>> 16) & Vector256.Create(0x8000);
        Vector256.Narrow(half.AsUInt32(), half.AsUInt32()).GetLower().Store(target);
    }

    private static ushort ToHalf(float value) =>
        BitConverter.HalfToUInt16Bits((Half)(float.IsNaN(value) ? value : Math.Clamp(value, -65504f, 65504f)));
}
