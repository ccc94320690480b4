using System.Runtime.InteropServices;
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
    private const int StackBytesMax = 16 << 10;

    private readonly nint _packed;
    private readonly MemoryArena? _owned;
    private readonly MappedFile? _file;

    private WeightMatrix(
        GgmlType type, nint address, int rows, int columns, QuantKind? kind, MemoryArena? arena, bool owned,
        MappedFile? file)
    {
        Type = type;
        Address = address;
        Rows = rows;
        Columns = columns;
        RowBytes = GgmlTypeTraits.Of(type).RowBytes(columns);
        Kind = kind;
        _file = file;
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
    /// <param name="file">
    /// The mapped file that the rows are in; null for rows in memory. What is packed, and single rows, are read from
    /// the file in place of its mapping, since each page that is touched stays in memory with all around it.
    /// </param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static WeightMatrix Load(
        WorkerPool pool, GgmlType type, nint address, int rows, int columns, bool packed, MemoryArena? arena = null,
        MappedFile? file = null)
    {
        QuantKind? kind = packed ? QuantTable.Find(type) : null;
        if (kind is null)
            return new WeightMatrix(type, address, rows, columns, null, null, owned: false, file);

        MemoryArena target = arena ?? new MemoryArena(PackedBytesOf(type, rows, columns));
        var matrix = new WeightMatrix(type, address, rows, columns, kind, target, owned: arena is null, file);
        using var job = new PackJob(matrix, kind, pool.ThreadCount);
        pool.Run(job, matrix.Groups, job.ChunkGroups);
        return matrix;
    }

    /// <summary>Bytes that a matrix takes when it is packed; 0 for types that have no packed kernels.</summary>
    public static long PackedBytesOf(GgmlType type, long rows, long columns) => QuantTable.Find(type) is { } kind
        ? (rows + Tile.Rows - 1) / Tile.Rows * GroupBytesOf(kind, columns)
        : 0;

    /// <summary>One row as floats, read from the file's rows whether or not the matrix is packed; from any thread.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void ReadRow(int row, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        nint address = Address + (nint)(row * RowBytes);
        if (_file is null)
        {
            Dequantizer.Row(Type, address, target[..Columns]);
            return;
        }

        byte* onStack = stackalloc byte[RowBytes <= StackBytesMax ? (int)RowBytes : 0];
        byte* bytes = RowBytes <= StackBytesMax ? onStack : (byte*)NativeMemory.Alloc((nuint)RowBytes);
        try
        {
            _file.Read(address, new Span<byte>(bytes, checked((int)RowBytes)));
            Dequantizer.Row(Type, (nint)bytes, target[..Columns]);
        }
        finally
        {
            if (bytes != onStack)
                NativeMemory.Free(bytes);
        }
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

    /// <summary>Packed groups of 16 rows from <paramref name="first"/> on; of packed matrices only.</summary>
    internal GroupRange PackedGroups(int first, int count) => new(
        Group(first), count, (nint)GroupBytesOf(Kind!, Columns), Columns / Kind!.BlockColumns, Kind.BlockBytes);

    private static long GroupBytesOf(QuantKind kind, long columns) => columns / kind.BlockColumns * kind.BlockBytes;

    /// <summary>Packs groups of rows, from memory or from a file that is read group by group.</summary>
    private sealed class PackJob : WorkerJob, IDisposable
    {
        /// <summary>What a worker takes at a time: more than a system call costs, less than keeps others waiting.
        /// </summary>
        private const int ChunkBytes = 1 << 20;

        private readonly WeightMatrix _matrix;
        private readonly QuantKind _kind;
        private readonly AlignedBuffer? _scratch; // [workers, rows of a group], as read from the file; else null
        private readonly int _sourceBytes;

        internal PackJob(WeightMatrix matrix, QuantKind kind, int workers)
        {
            _matrix = matrix;
            _kind = kind;
            _sourceBytes = checked((int)(Tile.Rows * matrix.RowBytes));
            if (matrix._file is not null)
                _scratch = new AlignedBuffer(workers * (long)_sourceBytes, zeroed: false);
        }

        internal int ChunkGroups => Math.Max(1, ChunkBytes / _sourceBytes);

        public override void Execute(int start, int end, int worker)
        {
            for (int group = start; group < end; group++)
            {
                int count = Math.Min(Tile.Rows, _matrix.Rows - (group * Tile.Rows));
                byte* target = _matrix.Group(group);
                if (count < Tile.Rows)
                    new Span<byte>(target, checked((int)GroupBytesOf(_kind, _matrix.Columns))).Clear();
                Pack(Rows(group, count, worker), count, target);
            }
        }

        public void Dispose() => _scratch?.Dispose();

        private byte* Rows(int group, int count, int worker)
        {
            nint address = _matrix.Address + (nint)((long)group * _sourceBytes);
            if (_scratch is null)
                return (byte*)address;
            Span<byte> piece = _scratch.Span(worker * (long)_sourceBytes, (int)(count * _matrix.RowBytes));
            _matrix._file!.Read(address, piece); // There is scratch memory for it.
            return (byte*)_scratch.Address + (worker * (long)_sourceBytes);
        }

        private void Pack(byte* rows, int count, byte* target)
        {
            if (_kind.PackGroup != null)
            {
                _kind.PackGroup(rows, _matrix.RowBytes, count, _matrix.Columns, target);
                return;
            }

            for (int block = 0; block < _matrix.Columns / _kind.BlockColumns; block++, target += _kind.BlockBytes)
                _kind.Pack(rows, _matrix.RowBytes, count, block, target);
        }
    }
}
