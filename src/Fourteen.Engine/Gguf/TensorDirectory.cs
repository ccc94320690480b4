using System.Diagnostics.CodeAnalysis;
using Fourteen.Formats;
using Fourteen.Kernels.Memory;

namespace Fourteen.Engine.Gguf;

/// <summary>One tensor of a model: in memory-mapped storage, or made when it is first read.</summary>
/// <param name="Name">Name in GGUF's spelling, e.g. <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">Storage type.</param>
/// <param name="Dimensions">One to four, fastest first: a linear layer [out, in] is {in, out}.</param>
/// <param name="Address">First byte; valid as long as the file that owns the mapping is open.</param>
/// <param name="Bytes">Size; checked against the file when it was opened.</param>
public sealed record TensorEntry(string Name, GgmlType Type, long[] Dimensions, nint Address, long Bytes)
{
    /// <summary>First byte; where <see cref="Maker"/> is set, made when it is asked for.</summary>
    public nint Address { get => Maker?.Invoke() ?? field; init; } = Address;

    /// <summary>Makes the bytes of a tensor that lies in no file, or gives those that it made before.</summary>
    internal Func<nint>? Maker { get; init; }

    /// <summary>The mapped file that <see cref="Address"/> points into; null where the bytes are in memory.</summary>
    public MappedFile? File { get; init; }

    /// <summary>Number of elements.</summary>
    public long Elements => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Elements of one row, the contiguous dimension.</summary>
    public long Columns => Dimensions[0];

    /// <summary>All other dimensions together.</summary>
    public long Rows => Dimensions.Skip(1).Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>The tensors of a model by name, from all its files. Read-only, so any thread may read it.</summary>
public sealed class TensorDirectory
{
    private readonly Dictionary<string, TensorEntry> _byName;

    public TensorDirectory(IReadOnlyList<TensorEntry> tensors)
    {
        All = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Every tensor, in file order.</summary>
    public IReadOnlyList<TensorEntry> All { get; }

    public bool TryFind(string name, [NotNullWhen(true)] out TensorEntry? tensor) =>
        _byName.TryGetValue(name, out tensor);
}
