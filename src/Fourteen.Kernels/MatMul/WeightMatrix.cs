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
    private readonly nint _packed;
    private readonly MemoryArena? _owned;

    private WeightMatrix(
        GgmlType type, nint address, int rows, int columns, QuantKind? kind, MemoryArena? arena, bool owned)
    {
        Type = type;
        Address = address;
        Rows = rows;
        Columns = columns;
        RowBytes = GgmlTypeTraits.Of(type).RowBytes(columns);
        Kind = kind;
        _owned = owned ? arena : null;
        _packed = arena?.Take(PackedBytes) ?? 0;
    }

    /// <summary>Storage type.</summary>
    public GgmlType Type { get; }

    /// <summary>Outputs of the product.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>Bytes that the matrix holds beside its file.</summary>
    public long PackedBytes => Kind is null ? 0 : Groups * GroupBytesOf(Kind, Columns);

    /// <summary>
    /// Over rows in memory at <paramref name="address"/>, in ggml's layout. Packed in parallel where
    /// <paramref name="packed"/> is asked for and the type has packed kernels; else the rows stay where they are and
    /// are dequantized tile by tile.
    /// </summary>
    /// <param name="arena">Where packed weights go; it is disposed after the matrix. Null for memory of its own.
    /// </param>
    public static WeightMatrix Load(
        WorkerPool pool, GgmlType type, nint address, int rows, int columns, bool packed, MemoryArena? arena = null)
    {
        QuantKind? kind = packed ? QuantTable.Find(type) : null;
        if (kind is null)
            return new WeightMatrix(type, address, rows, columns, null, null, owned: false);

        MemoryArena target = arena ?? new MemoryArena(PackedBytesOf(type, rows, columns));
        var matrix = new WeightMatrix(type, address, rows, columns, kind, target, owned: arena is null);
        int groups = matrix.Groups;
        pool.Run(new PackJob(matrix, kind), groups, Math.Max(1, groups / (pool.ThreadCount * 8)));
        return matrix;
    }

    /// <summary>Bytes that a matrix takes when it is packed; 0 for types that have no packed kernels.</summary>
    public static long PackedBytesOf(GgmlType type, long rows, long columns) => QuantTable.Find(type) is { } kind
        ? (rows + Tile.Rows - 1) / Tile.Rows * GroupBytesOf(kind, columns)
        : 0;

    /// <summary>One row as floats, read from the file's rows whether or not the matrix is packed.</summary>
    public void ReadRow(int row, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        Dequantizer.Row(Type, Address + (nint)(row * RowBytes), target[..Columns]);
    }

    public void Dispose() => _owned?.Dispose();

    /// <summary>First byte of the file's rows.</summary>
    internal nint Address { get; }

    internal long RowBytes { get; }

    /// <summary>The packed layout, or null where rows are as in the file.</summary>
    internal QuantKind? Kind { get; }

    internal int Groups => (Rows + Tile.Rows - 1) / Tile.Rows;

    /// <summary>A packed group of 16 rows.</summary>
    internal byte* Group(int group) => (byte*)_packed + (group * GroupBytesOf(Kind!, Columns)); // Packed only.

    private static long GroupBytesOf(QuantKind kind, long columns) => columns / kind.BlockColumns * kind.BlockBytes;

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
                byte* target = matrix.Group(group);
                if (count < Tile.Rows)
                    new Span<byte>(target, checked((int)groupBytes)).Clear();
                for (int block = 0; block < matrix.Columns / kind.BlockColumns; block++, target += kind.BlockBytes)
                    kind.Pack(rows, matrix.RowBytes, count, block, target);
            }
        }
    }
}
