using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// One product of a step: output[t, r] = Σ_c weights[r, c] · input[t, c] for the input's rows t from
/// <paramref name="FirstRow"/>, <paramref name="RowCount"/> of them or, where that is −1, all that follow. Other rows
/// of the output stay, so products of one call may share an output where their ranges do not overlap.
/// </summary>
public readonly record struct Product(WeightMatrix Weights, FloatMatrix Output, int FirstRow = 0, int RowCount = -1);

/// <summary>
/// The one driver of matrix products: hands groups of 16 rows to the workers, for one or many matrices that share an
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
    /// Computes all <paramref name="products"/> of the input that <paramref name="input"/> began with, as one job.
    /// Outputs take as many rows as the input has.
    /// </summary>
    public void Run(Activations input, params ReadOnlySpan<Product> products)
    {
        int groups = _job.Prepare(input, products, out int chunk);
        _pool.Run(_job, groups, chunk);
    }

    public void Dispose() => _job.Dispose();

    private sealed class MatMulJob(IsaPath isa, int workers) : WorkerJob, IDisposable
    {
        /// <summary>
        /// Unpacking a group of weights costs about as much as multiplying it with this many tokens.
        /// </summary>
        private const int UnpackingTokens = 2;

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

        /// <summary>Returns how many groups there are, and how many of them make a chunk.</summary>
        internal int Prepare(Activations input, ReadOnlySpan<Product> products, out int chunk)
        {
            if (products.Length > _works.Length)
                Array.Resize(ref _works, Math.Max(products.Length, 2 * _works.Length));
            _source = input.Source;
            _count = 0;
            int groups = 0, mostRows = 0;
            long cost = 0;
            foreach (ref readonly Product product in products)
            {
                WeightMatrix weights = product.Weights;
                int count = CheckedRows(product);
                product.Output.Rows = _source.Rows;
                if (count == 0)
                    continue;
                ActivationFormat format = weights.Kind?.Activation ?? ActivationFormat.Float;
                _works[_count++] = new Work
                {
                    Weights = weights,
                    Output = product.Output,
                    FirstGroup = groups,
                    FirstRow = product.FirstRow,
                    RowCount = count,
                    Rows = format == ActivationFormat.Float
                        ? default : input.Quantized(format).From(product.FirstRow),
                    Path = format == ActivationFormat.Float ? default : weights.Kind!.Path(isa), // Has paths.
                };
                groups += weights.Groups;
                cost += (long)weights.Groups * (count + UnpackingTokens);
                mostRows = Math.Max(mostRows, count);
            }

            // Eight chunks a worker, were all groups as heavy as the heaviest: so no last chunk holds up the others.
            chunk = (int)Math.Clamp(cost / (workers * 8L * (mostRows + UnpackingTokens)), 1, WorkerPool.ItemsMax);
            return groups;
        }

        /// <summary>The rows that a product is for; throws where shapes or ranges do not fit.</summary>
        private int CheckedRows(in Product product)
        {
            WeightMatrix weights = product.Weights;
            if (weights.Columns != _source.Columns || weights.Rows != product.Output.Columns)
            {
                throw new ArgumentException(
                    $"[{weights.Rows}, {weights.Columns}] times {_source.Columns} columns does not give "
                    + $"{product.Output.Columns} columns.", nameof(product));
            }

            // In 64 bits, so that no sum of two integers wraps into the range.
            long count = product.RowCount == -1 ? (long)_source.Rows - product.FirstRow : product.RowCount;
            if (product.FirstRow < 0 || count < 0 || product.FirstRow + count > _source.Rows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(product), $"{count} rows from row {product.FirstRow} are not among the input's "
                    + $"{_source.Rows}.");
            }

            return (int)count;
        }

        public override void Execute(int start, int end, int worker)
        {
            for (int index = IndexOf(start); start < end; index++)
            {
                ref Work work = ref _works[index];
                int next = Math.Min(end, work.FirstGroup + work.Weights.Groups);
                if (work.Path.Exists)
                    QuantGroups(ref work, start - work.FirstGroup, next - start);
                else
                    FloatGroups(ref work, start - work.FirstGroup, next - start, worker);
                start = next;
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

        private static void QuantGroups(ref Work work, int first, int count)
        {
            ActivationRows rows = work.Rows;
            float* output = work.Output.Pointer(work.FirstRow) + (first * Tile.Rows);
            work.Path.Run(work.Weights.PackedGroups(first, count), &rows, work.RowCount, output, work.Output.Stride);
        }

        private void FloatGroups(ref Work work, int first, int count, int worker)
        {
            float* output = work.Output.Pointer(work.FirstRow) + (first * Tile.Rows);
            for (int group = first; group < first + count; group++, output += Tile.Rows)
                FloatGroup(ref work, group, output, worker);
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
