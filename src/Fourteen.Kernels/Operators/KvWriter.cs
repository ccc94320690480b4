using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// Brings a step's keys and values into the cache. A work item is what one span has in one block for one head: the
/// positions of a block share memory, so one thread writes them.
/// </summary>
public sealed class KvWriter(WorkerPool pool, KvStore store) : IDisposable
{
    /// <summary>Rows from which on a second thread is worth waking.</summary>
    private const int ParallelRows = 8;

    private readonly Job _job = new(store, pool.ThreadCount);

    /// <summary>
    /// Stores the keys and values of all spans, [rows, kvHeads · headDim] each, in one layer. A block belongs to one
    /// span alone.
    /// </summary>
    public void Run(int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix keys, FloatMatrix values)
    {
        int items = _job.Prepare(layer, spans, keys, values);
        pool.Run(_job, items, keys.Rows < ParallelRows ? Math.Max(1, items) : 1);
    }

    public void Dispose() => _job.Dispose();

    private sealed unsafe class Job(KvStore store, int workers) : WorkerJob, IDisposable
    {
        private readonly AlignedBuffer _rotated = new(workers * store.HeadDim * 4L, zeroed: false);
        private readonly List<(AttentionSpan Span, int Block)> _blocks = [];
        private FloatMatrix _keys = null!; // Keys and values are set by Prepare before each run.
        private FloatMatrix _values = null!;
        private int _layer;

        internal int Prepare(int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix keys, FloatMatrix values)
        {
            _layer = layer;
            _keys = keys;
            _values = values;
            _blocks.Clear();
            foreach (AttentionSpan span in spans)
            {
                int end = span.FirstPosition + span.Count;
                for (int at = span.FirstPosition / KvStore.BlockTokens; at * KvStore.BlockTokens < end; at++)
                    _blocks.Add((span, at));
            }

            return _blocks.Count * store.KvHeads;
        }

        public override void Execute(int start, int end, int worker)
        {
            for (int item = start; item < end; item++)
            {
                (AttentionSpan span, int block) = _blocks[item / store.KvHeads];
                Write(span, block, item % store.KvHeads, (float*)_rotated.Address + (worker * store.HeadDim));
            }
        }

        public void Dispose() => _rotated.Dispose();

        private void Write(in AttentionSpan span, int block, int head, float* rotated)
        {
            byte* keys = store.Head(_layer, span.Blocks[block], head);
            byte* values = store.ValuesOf(keys);
            int first = Math.Max(span.FirstPosition, block * KvStore.BlockTokens);
            int end = Math.Min(span.FirstPosition + span.Count, (block + 1) * KvStore.BlockTokens);
            for (int position = first; position < end; position++)
            {
                int row = span.FirstRow + position - span.FirstPosition, slot = position % KvStore.BlockTokens;
                float* key = _keys.Pointer(row) + (head * store.HeadDim);
                float* value = _values.Pointer(row) + (head * store.HeadDim);
                switch (store.Type)
                {
                    case KvType.F32:
                        WriteFloats(key, value, store.HeadDim, slot, (float*)keys, (float*)values);
                        break;
                    case KvType.F16:
                        WriteHalves(key, value, store.HeadDim, slot, (ushort*)keys, (ushort*)values);
                        break;
                    case KvType.Q8_0:
                        WriteBytes(key, store.HeadDim, slot, keys, store.ScalesOf(keys), KvStore.BlockTokens, 1);
                        WriteBytes(value, store.HeadDim, slot, values, store.ScalesOf(values), 1, store.HeadDim);
                        break;
                    default:
                        WriteKeyNibbles(Rotate(key, rotated), slot, keys, store.ScalesOf(keys));
                        WriteValueNibbles(Rotate(value, rotated), slot, values, store.ScalesOf(values));
                        break;
                }
            }
        }

        private float* Rotate(float* source, float* rotated)
        {
            var target = new Span<float>(rotated, store.HeadDim);
            new Span<float>(source, store.HeadDim).CopyTo(target);
            Hadamard.Rotate(target);
            return rotated;
        }

        private void WriteKeyNibbles(float* key, int slot, byte* keys, ushort* scales)
        {
            sbyte* numbers = stackalloc sbyte[KvTypes.Group];
            // Positions p and 16 + p share a byte.
            int shift = slot < 16 ? 0 : 4;
            byte* target = keys + (slot % 16);
            for (int first = 0; first < store.HeadDim; first += KvTypes.Group)
            {
                scales[first + slot] = KvQuantizer.Q4_0(key + first, numbers);
                for (int i = 0; i < KvTypes.Group; i++, target += 16)
                    *target = (byte)((*target & (0xF0 >> shift)) | (numbers[i] << shift));
            }
        }

        private void WriteValueNibbles(float* value, int slot, byte* values, ushort* scales)
        {
            sbyte* numbers = stackalloc sbyte[KvTypes.Group];
            byte* target = values + (slot * store.HeadDim / 2);
            for (int first = 0; first < store.HeadDim; first += KvTypes.Group, target += 16)
            {
                scales[first + slot] = KvQuantizer.Q4_0(value + first, numbers);
                Vector128<byte> low = Vector128.Load((byte*)numbers), high = Vector128.Load((byte*)numbers + 16);
                (low | (high << 4)).Store(target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void WriteFloats(
        float* key, float* value, int headDim, int slot, float* keys, float* values)
    {
        for (int i = 0; i < headDim; i++)
            keys[(i * KvStore.BlockTokens) + slot] = key[i];
        Buffer.MemoryCopy(value, values + (slot * headDim), headDim * 4L, headDim * 4L);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void WriteHalves(
        float* key, float* value, int headDim, int slot, ushort* keys, ushort* values)
    {
        ushort* halves = stackalloc ushort[8];
        ushort* target = values + (slot * headDim);
        int lane = 0;
        for (; lane + 8 <= headDim; lane += 8)
        {
            Halves.From(Vector256.Load(value + lane)).Store(target + lane);
            Halves.From(Vector256.Load(key + lane)).Store(halves);
            for (int i = 0; i < 8; i++)
                keys[((lane + i) * KvStore.BlockTokens) + slot] = halves[i];
        }

        for (; lane < headDim; lane++)
        {
            target[lane] = Halves.From(value[lane]);
            keys[(lane * KvStore.BlockTokens) + slot] = Halves.From(key[lane]);
        }
    }

    /// <summary>Number i goes to i · <paramref name="step"/> + slot · <paramref name="slotStep"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void WriteBytes(
        float* source, int headDim, int slot, byte* target, ushort* scales, int step, int slotStep)
    {
        sbyte* numbers = stackalloc sbyte[KvTypes.Group];
        target += slot * slotStep;
        for (int first = 0; first < headDim; first += KvTypes.Group)
        {
            scales[first + slot] = KvQuantizer.Q8_0(source + first, numbers);
            for (int i = 0; i < KvTypes.Group; i++, target += step)
                *target = (byte)numbers[i];
        }
    }
}
