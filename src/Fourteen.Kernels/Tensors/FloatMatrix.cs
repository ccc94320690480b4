using Fourteen.Kernels.Memory;

namespace Fourteen.Kernels.Tensors;

/// <summary>
/// A buffer of activations, [rows, columns] of 32-bit floats; one row is one token. Rows are padded to
/// <see cref="Stride"/> so that kernels may write whole groups of weight rows. One owner; kernels use it while they
/// run.
/// </summary>
public sealed unsafe class FloatMatrix : IDisposable
{
    /// <summary>Kernels write outputs in groups of this many columns.</summary>
    public const int Group = 16;

    private readonly AlignedBuffer _buffer;

    /// <param name="rowsMax">Rows that memory is set aside for.</param>
    /// <param name="columns">Columns that hold values.</param>
    public FloatMatrix(int rowsMax, int columns)
    {
        RowsMax = rowsMax;
        Columns = columns;
        Stride = (columns + Group - 1) / Group * Group;
        _buffer = new AlignedBuffer((long)rowsMax * Stride * sizeof(float), zeroed: false);
        Rows = rowsMax;
    }

    /// <summary>Rows that memory is set aside for.</summary>
    public int RowsMax { get; }

    /// <summary>Columns that hold values.</summary>
    public int Columns { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>Rows in use in this step; at most <see cref="RowsMax"/>.</summary>
    public int Rows
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)RowsMax, nameof(value));
            field = value;
        }
    }

    /// <summary>The values of one row, without the padding.</summary>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)RowsMax, nameof(row));
        return new Span<float>(Pointer(row), Columns);
    }

    public void Dispose() => _buffer.Dispose();

    internal float* Pointer(int row) => (float*)_buffer.Address + ((long)row * Stride);
}
