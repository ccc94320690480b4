using Fourteen.Formats;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.MatMul;

/// <summary>
/// A matrix of weights, [rows, columns], as it stands in its file or packed for the kernels. Read-only after loading.
/// It owns what it packed; rows that stay in place belong to the file, which must stay open.
/// </summary>
public sealed unsafe class WeightMatrix : IDisposable
{
    private readonly AlignedBuffer? _packed;

    private WeightMatrix(GgmlType type, nint address, int rows, int columns, AlignedBuffer? packed)
    {
        Type = type;
        Address = address;
        Rows = rows;
        Columns = columns;
        RowBytes = GgmlTypeTraits.Of(type).RowBytes(columns);
        _packed = packed;
        Kind = packed is null ? null : QuantTable.Find(type);
    }

    /// <summary>Storage type.</summary>
    public GgmlType Type { get; }

    /// <summary>Outputs of the product.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>Bytes that the matrix holds beside its file.</summary>
    public long PackedBytes => _packed?.Length ?? 0;

    /// <summary>
    /// Over rows in memory at <paramref name="address"/>, in ggml's layout. Packed in parallel where
    /// <paramref name="packed"/> is asked for and the type has packed kernels; else the rows stay where they are and
    /// are dequantized tile by tile.
    /// </summary>
    public static WeightMatrix Load(WorkerPool pool, GgmlType type, nint address, int rows, int columns, bool packed)
    {
        QuantKind? kind = packed ? QuantTable.Find(type) : null;
        if (kind is null)
            return new WeightMatrix(type, address, rows, columns, null);

        int groups = (rows + Tile.Rows - 1) / Tile.Rows;
        var buffer = new AlignedBuffer(groups * GroupBytesOf(kind, columns), zeroed: false);
        var matrix = new WeightMatrix(type, address, rows, columns, buffer);
        pool.Run(new PackJob(matrix, kind), groups, Math.Max(1, groups / (pool.ThreadCount * 8)));
        return matrix;
    }

    /// <summary>One row as floats, read from the file's rows whether or not the matrix is packed.</summary>
    public void ReadRow(int row, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        Dequantizer.Row(Type, Address + (nint)(row * RowBytes), target[..Columns]);
    }

    public void Dispose() => _packed?.Dispose();

    /// <summary>First byte of the file's rows.</summary>
    internal nint Address { get; }

    internal long RowBytes { get; }

    /// <summary>The packed layout, or null where rows are as in the file.</summary>
    internal QuantKind? Kind { get; }

    internal int Groups => (Rows + Tile.Rows - 1) / Tile.Rows;

    /// <summary>A packed group of 16 rows.</summary>
    internal byte* Group(int group) => (byte*)_packed!.Address + (group * GroupBytesOf(Kind!, Columns)); // Packed only.

    private static long GroupBytesOf(QuantKind kind, int columns) =>
        (long)(columns / kind.BlockColumns) * kind.BlockBytes;

    private sealed class PackJob(WeightMatrix matrix, QuantKind kind) : WorkerJob
    {
        public override void Execute(int start, int end, int worker)
        {
            long groupBytes = GroupBytesOf(kind, matrix.Columns);
            for (int group = start; group < end; group++)
            {
                int first = group * Tile.Rows;
                int count = Math.Min(Tile.Rows, matrix.Rows - first);
                byte* rows = (byte*)matrix.Address + (first * matrix.RowBytes);
                byte* target = (byte*)matrix._packed!.Address + (group * groupBytes); // This job packs, so it is there.
                if (count < Tile.Rows)
                    new Span<byte>(target, checked((int)groupBytes)).Clear();
                for (int block = 0; block < matrix.Columns / kind.BlockColumns; block++, target += kind.BlockBytes)
                    kind.Pack(rows, matrix.RowBytes, count, block, target);
            }
        }
    }
}
