using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// Brings a step's keys and values into the cache. A work item is what one span has in one block for one head: the
/// positions of a block share memory, so one thread writes them.
/// </summary>
public sealed class KvWriter(WorkerPool pool, KvStore store)
{
    /// <summary>Rows from which on a second thread is worth waking.</summary>
    private const int ParallelRows = 8;

    private readonly Job _job = new(store);

    /// <summary>
    /// Stores the keys and values of all spans, [rows, kvHeads · headDim] each, in one layer. A block belongs to one
    /// span alone.
    /// </summary>
    public void Run(int layer, ReadOnlySpan<AttentionSpan> spans, FloatMatrix keys, FloatMatrix values)
    {
        int items = _job.Prepare(layer, spans, keys, values);
        pool.Run(_job, items, keys.Rows < ParallelRows ? Math.Max(1, items) : 1);
    }

    private sealed unsafe class Job(KvStore store) : WorkerJob
    {
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
                Write(span, block, item % store.KvHeads);
            }
        }

        private void Write(in AttentionSpan span, int block, int head)
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
                if (store.Type == KvType.F32)
                    WriteFloats(key, value, store.HeadDim, slot, (float*)keys, (float*)values);
                else
                    WriteHalves(key, value, store.HeadDim, slot, (ushort*)keys, (ushort*)values);
            }
        }
    }

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
}
