using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// One product of a step: output[t, r] = Σ_c weights[r, c] · input[t, c] for the input's rows t from
/// <paramref name="FirstRow"/>, <paramref name="RowCount"/> of them or, where that is −1, all.
/// </summary>
public readonly record struct Product(WeightMatrix Weights, FloatMatrix Output, int FirstRow = 0, int RowCount = -1);

/// <summary>
/// The one driver of matrix products: hands groups of 16 rows to the workers, for one or several matrices that share an
/// input. Each output is summed in an order that depends on its own length alone (see the tiles), so neither the number
/// of tokens nor the workers change a bit. Used by the engine thread alone.
/// </summary>
public sealed unsafe class MatMul : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly MatMulJob _job;

    public MatMul(WorkerPool pool, IsaPath isa)
    {
        _pool = pool;
        _job = new MatMulJob(isa, pool.ThreadCount);
    }

    /// <summary>
    /// Computes all <paramref name="products"/> of the input that <paramref name="input"/> began with. Outputs take as
    /// many rows as the input has.
    /// </summary>
    public void Run(Activations input, params ReadOnlySpan<Product> products)
    {
        int groups = _job.Prepare(input, products);
        _pool.Run(_job, groups, Math.Max(1, groups / (_pool.ThreadCount * 8)));
    }

    public void Dispose() => _job.Dispose();

    private sealed class MatMulJob(IsaPath isa, int workers) : WorkerJob, IDisposable
    {
        private Work[] _works = new Work[4]; // Query, key and value; grows to the experts of a step.
        private readonly AlignedBuffer _scratch =
            new(workers * (long)ScratchFloats * sizeof(float), zeroed: false);
        private int _count;
        private FloatMatrix _source = null!; // Set by Prepare, which comes before each run.

        /// <summary>A worker's float tile and the 16 row pieces that it is made from.</summary>
        private const int ScratchFloats = 2 * FloatTile.Columns * Tile.Rows;

        private struct Work
        {
            internal WeightMatrix Weights;
            internal FloatMatrix Output;
            internal ActivationRows Rows;
            internal TilePath Path;
            internal int FirstGroup;
            internal int FirstRow;
            internal int RowCount;
        }

        internal int Prepare(Activations input, ReadOnlySpan<Product> products)
        {
            if (products.Length > _works.Length)
                Array.Resize(ref _works, Math.Max(products.Length, 2 * _works.Length));
            _source = input.Source;
            _count = products.Length;
            int groups = 0;
            for (int i = 0; i < products.Length; i++)
            {
                WeightMatrix weights = products[i].Weights;
                if (weights.Columns != _source.Columns || weights.Rows != products[i].Output.Columns)
                {
                    throw new ArgumentException(
                        $"[{weights.Rows}, {weights.Columns}] times {_source.Columns} columns does not give "
                        + $"{products[i].Output.Columns} columns.", nameof(products));
                }

                products[i].Output.Rows = _source.Rows;
                int first = products[i].FirstRow;
                int count = products[i].RowCount < 0 ? _source.Rows - first : products[i].RowCount;
                ArgumentOutOfRangeException.ThrowIfGreaterThan(
                    (uint)first + (uint)count, (uint)_source.Rows, nameof(products));
                ActivationFormat format = weights.Kind?.Activation ?? ActivationFormat.Float;
                _works[i] = new Work
                {
                    Weights = weights,
                    Output = products[i].Output,
                    FirstGroup = groups,
                    FirstRow = first,
                    RowCount = count,
                    Rows = format == ActivationFormat.Float ? default : input.Quantized(format).From(first),
                    Path = format == ActivationFormat.Float ? default : weights.Kind!.Path(isa), // Has paths.
                };
                groups += weights.Groups;
            }

            return groups;
        }

        public override void Execute(int start, int end, int worker)
        {
            int index = IndexOf(start);
            for (int item = start; item < end; item++)
            {
                while (index + 1 < _count && item >= _works[index + 1].FirstGroup)
                    index++;
                ref Work work = ref _works[index];
                int group = item - work.FirstGroup;
                float* output = work.Output.Pointer(work.FirstRow) + (group * Tile.Rows);
                if (work.Path.Run is null)
                    FloatGroup(ref work, group, output, worker);
                else
                    QuantGroup(ref work, group, output);
            }
        }

        public void Dispose() => _scratch.Dispose();

        /// <summary>The last product that begins at or before a group.</summary>
        private int IndexOf(int group)
        {
            int low = 0, high = _count - 1;
            while (low < high)
            {
                int middle = (low + high + 1) / 2;
                (low, high) = _works[middle].FirstGroup <= group ? (middle, high) : (low, middle - 1);
            }

            return low;
        }

        private void QuantGroup(ref Work work, int group, float* output)
        {
            ActivationRows rows = work.Rows;
            int blocks = work.Weights.Columns / work.Weights.Kind!.BlockColumns; // Only packed matrices come here.
            work.Path.Run(work.Weights.Group(group), blocks, &rows, work.RowCount, output, work.Output.Stride);
        }

        private void FloatGroup(ref Work work, int group, float* output, int worker)
        {
            WeightMatrix weights = work.Weights;
            float* tile = (float*)_scratch.Address + ((long)worker * ScratchFloats);
            for (int column = 0; column < weights.Columns; column += FloatTile.Columns)
            {
                int columns = Math.Min(FloatTile.Columns, weights.Columns - column);
                if (weights.Kind is { } kind)
                {
                    byte* packed = weights.Group(group) + ((long)column * kind.BlockBytes);
                    PackedFloats.Widen(isa, weights.Type, packed, columns, tile);
                }
                else
                {
                    DequantizeTile(weights, group, column, columns, tile);
                }

                FloatTile.Run(
                    isa, tile, columns, _source.Pointer(work.FirstRow) + column, _source.Stride, work.RowCount, output,
                    work.Output.Stride, column == 0);
            }
        }

        /// <summary>Rows as in the file → [columns, 16] floats; rows past the last are zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void DequantizeTile(WeightMatrix weights, int group, int column, int columns, float* tile)
        {
            float* piece = tile + (FloatTile.Columns * Tile.Rows);
            long offset = Formats.GgmlTypeTraits.Of(weights.Type).RowBytes(column);
            for (int r = 0; r < Tile.Rows; r++)
            {
                long row = ((long)group * Tile.Rows) + r;
                var target = new Span<float>(piece + (r * FloatTile.Columns), columns);
                if (row < weights.Rows)
                    Dequantizer.Row(weights.Type, weights.Address + (nint)((row * weights.RowBytes) + offset), target);
                else
                    target.Clear();
            }

            Transpose.To16(piece, FloatTile.Columns, columns, tile);
        }
    }
}
