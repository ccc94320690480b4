using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// One product of a step: output[t, r] = Σ_c weights[r, c] · input[t, c] for a range of the input's rows t. Other rows
/// of the output stay as they are, so products of one call may share an output where their ranges do not overlap.
/// </summary>
/// <param name="FirstRow">First row of the range.</param>
/// <param name="RowCount">Rows of the range; −1: all rows of the input.</param>
public readonly record struct Product(WeightMatrix Weights, FloatMatrix Output, int FirstRow = 0, int RowCount = -1);

/// <summary>
/// The one driver of matrix products: hands groups of 16 rows of weights to the workers, for one or many matrices that
/// share an input. Each output is summed in an order that depends on its own length alone (see the tiles), so neither the number
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
    /// Computes all <paramref name="products"/> of the input that <paramref name="input"/> began with, in one job.
    /// Outputs take as many rows as the input has.
    /// </summary>
    public void Run(Activations input, params ReadOnlySpan<Product> products)
    {
        int items = _job.Prepare(input, products, out int chunk);
        _pool.Run(_job, items, chunk);
    }

    public void Dispose() => _job.Dispose();

    private sealed class MatMulJob(IsaPath isa, int workers) : WorkerJob, IDisposable
    {
        /// <summary>
        /// Tokens that cost about as much as unpacking a group of weights does: so heavy is a group besides its tokens.
        /// </summary>
        private const int GroupCost = 2;

        /// <summary>A worker's float tile and the 16 row pieces that it is made from.</summary>
        private const int ScratchFloats = 2 * FloatTile.Columns * Tile.Rows;

        private readonly AlignedBuffer _scratch =
            new(workers * (long)ScratchFloats * sizeof(float), zeroed: false);
        private Work[] _works = new Work[4]; // Grows to the most products of a call.
        private int _count;
        private FloatMatrix _source = null!; // Set by Prepare, which comes before each run.

        /// <summary>A product that has rows; its items are its groups of weights.</summary>
        private struct Work
        {
            internal WeightMatrix Weights;
            internal FloatMatrix Output;
            internal ActivationRows Rows; // Begins with the product's first row.
            internal TilePath Path;
            internal int FirstItem;
            internal int FirstRow;
            internal int RowCount;
        }

        /// <summary>Returns how many items there are, and how many make a chunk.</summary>
        internal int Prepare(Activations input, ReadOnlySpan<Product> products, out int chunk)
        {
            _source = input.Source;
            _count = 0;
            if (_works.Length < products.Length)
                _works = new Work[products.Length];
            int items = 0;
            long cost = 0;
            int mostRows = 0;
            foreach (ref readonly Product product in products)
            {
                int rowCount = Check(product);
                product.Output.Rows = _source.Rows;
                if (rowCount == 0)
                    continue;
                _works[_count++] = WorkOf(input, product, rowCount, items);
                items += product.Weights.Groups;
                cost += (long)product.Weights.Groups * (rowCount + GroupCost);
                mostRows = Math.Max(mostRows, rowCount);
            }

            // Eight chunks a worker, were all items as heavy as the heaviest: so none holds the others up at the end.
            chunk = (int)Math.Clamp(cost / (workers * 8L * (mostRows + GroupCost)), 1, WorkerPool.ItemsMax);
            return items;
        }

        public override void Execute(int start, int end, int worker)
        {
            int index = IndexOf(start);
            for (int item = start; item < end; item++)
            {
                while (index + 1 < _count && item >= _works[index + 1].FirstItem)
                    index++;
                ref Work work = ref _works[index];
                int group = item - work.FirstItem;
                float* output = work.Output.Pointer(work.FirstRow) + (group * Tile.Rows);
                if (work.Path.Run is null)
                    FloatGroup(in work, group, output, worker);
                else
                    QuantGroup(in work, group, output);
            }
        }

        public void Dispose() => _scratch.Dispose();

        /// <summary>The rows that a product is for; throws where shapes do not fit.</summary>
        private int Check(in Product product)
        {
            WeightMatrix weights = product.Weights;
            if (weights.Columns != _source.Columns || weights.Rows != product.Output.Columns)
            {
                throw new ArgumentException(
                    $"[{weights.Rows}, {weights.Columns}] times {_source.Columns} columns does not give "
                    + $"{product.Output.Columns} columns.", nameof(product));
            }

            int rowCount = product.RowCount == -1 ? _source.Rows - product.FirstRow : product.RowCount;
            if (product.FirstRow < 0 || rowCount < 0 || product.FirstRow > _source.Rows - rowCount)
            {
                throw new ArgumentException(
                    $"{rowCount} rows from row {product.FirstRow} are not among the input's {_source.Rows}.",
                    nameof(product));
            }

            return rowCount;
        }

        private Work WorkOf(Activations input, in Product product, int rowCount, int firstItem)
        {
            QuantKind? kind = product.Weights.Kind;
            bool isFloat = kind is null || kind.Activation == ActivationFormat.Float;
            return new Work
            {
                Weights = product.Weights,
                Output = product.Output,
                Rows = isFloat ? default : input.Quantized(kind!.Activation).From(product.FirstRow), // Not float: it is.
                Path = isFloat ? default : kind!.Path(isa),
                FirstItem = firstItem,
                FirstRow = product.FirstRow,
                RowCount = rowCount,
            };
        }

        /// <summary>The last product that begins at or before an item, by halving.</summary>
        private int IndexOf(int item)
        {
            int low = 0, high = _count;
            while (high - low > 1)
            {
                int middle = (low + high) / 2;
                if (_works[middle].FirstItem <= item)
                    low = middle;
                else
                    high = middle;
            }

            return low;
        }

        private static void QuantGroup(in Work work, int group, float* output)
        {
            ActivationRows rows = work.Rows;
            int blocks = work.Weights.Columns / work.Weights.Kind!.BlockColumns; // Only packed matrices come here.
            work.Path.Run(work.Weights.Group(group), blocks, &rows, work.RowCount, output, work.Output.Stride);
        }

        private void FloatGroup(in Work work, int group, float* output, int worker)
        {
            WeightMatrix weights = work.Weights;
            float* tile = (float*)_scratch.Address + ((long)worker * ScratchFloats);
            float* x = _source.Pointer(work.FirstRow);
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
                    isa, tile, columns, x + column, _source.Stride, work.RowCount, output, work.Output.Stride,
                    column == 0);
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
