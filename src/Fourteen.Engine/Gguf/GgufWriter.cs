using System.Text;
using Fourteen.Formats;

namespace Fourteen.Engine.Gguf;

/// <summary>A tensor that is to be written: everything but its bytes.</summary>
/// <param name="Name">At most 63 bytes of UTF-8 (GGML_MAX_NAME with its closing zero).</param>
/// <param name="Dimensions">One to four, fastest first.</param>
public sealed record GgufTensor(string Name, GgmlType Type, IReadOnlyList<long> Dimensions)
{
    /// <summary>Bytes that it takes, without padding.</summary>
    public long Bytes => Dimensions.Skip(1)
        .Aggregate(GgmlTypeTraits.Of(Type).RowBytes(Dimensions[0]), (bytes, size) => checked(bytes * size));
}

/// <summary>
/// Writes a GGUF file, version 3, from front to back: the head with keys and tensor infos, then the bytes of each
/// tensor in the order of the infos, in pieces of any size. Holds no more than the head. Not synchronized; the stream
/// stays the caller's.
/// </summary>
/// <param name="target">Written forwards only.</param>
public sealed class GgufWriter(Stream target, IReadOnlyList<GgufTensor> tensors)
{
    /// <summary>Bytes that tensor data is aligned to; ggml's usual number, which needs no key.</summary>
    private const int Alignment = 32;

    private const int NameBytesMax = 63;
    private const int DimensionsMax = 4;

    private long _position;
    private int _tensor;       // that is being written
    private long _tensorBytes; // of it that were written
    private bool _begun;

    /// <summary>
    /// Writes the head. The type of each value follows from its C# type: <c>uint</c> becomes u32, <c>string[]</c> an
    /// array of strings, and so on.
    /// </summary>
    /// <exception cref="ArgumentException">A value or a tensor that a GGUF file cannot hold.</exception>
    public async Task WriteHeadAsync(
        IReadOnlyCollection<KeyValuePair<string, object>> values, CancellationToken cancellation)
    {
        if (_begun)
            throw new InvalidOperationException("The head is written once.");
        _begun = true;
        CheckTensors();
        var head = new GgufHeadBytes();
        head.Add("GGUF"u8);
        head.Add(3u);
        head.Add((ulong)tensors.Count);
        head.Add((ulong)values.Count);
        foreach ((string key, object value) in values)
        {
            head.Add(key);
            head.AddTyped(key, value);
        }

        long offset = 0;
        foreach (GgufTensor tensor in tensors)
        {
            head.Add(tensor.Name);
            head.Add((uint)tensor.Dimensions.Count);
            foreach (long size in tensor.Dimensions)
                head.Add((ulong)size);
            head.Add((uint)tensor.Type);
            head.Add((ulong)offset);
            offset = Align(checked(offset + tensor.Bytes));
        }

        await AppendAsync(head.Written, cancellation).ConfigureAwait(false);
        await PadAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes the next bytes of the current tensor; the next tensor begins when it has all of its own.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor has fewer bytes left.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellation)
    {
        if (!_begun || _tensor == tensors.Count)
            throw new InvalidOperationException("Tensors come after the head, and no more than it names.");
        GgufTensor tensor = tensors[_tensor];
        long left = tensor.Bytes - _tensorBytes;
        if (piece.Length > left)
            throw new ArgumentException($"{tensor.Name} has {left} bytes left, but {piece.Length} were given.");
        await AppendAsync(piece, cancellation).ConfigureAwait(false);
        _tensorBytes += piece.Length;
        if (_tensorBytes < tensor.Bytes)
            return;
        _tensor++;
        _tensorBytes = 0;
        await PadAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Flushes; throws where a tensor lacks bytes.</summary>
    public Task FinishAsync(CancellationToken cancellation) => _begun && _tensor == tensors.Count
        ? target.FlushAsync(cancellation)
        : throw new InvalidOperationException($"Tensor {_tensor} of {tensors.Count} lacks bytes.");

    private void CheckTensors()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (GgufTensor tensor in tensors)
        {
            int block = GgmlTypeTraits.Of(tensor.Type).BlockElements;
            string? problem = Encoding.UTF8.GetByteCount(tensor.Name) > NameBytesMax || !names.Add(tensor.Name)
                    ? $"names are unique and have {NameBytesMax} bytes at most"
                : tensor.Dimensions.Count is < 1 or > DimensionsMax || tensor.Dimensions.Any(size => size < 1)
                    ? $"there must be 1 to {DimensionsMax} dimensions of 1 or more"
                : tensor.Dimensions[0] % block != 0 ? $"a row of {tensor.Type} is a multiple of {block} elements"
                : null;
            if (problem is not null)
                throw new ArgumentException($"{tensor.Name}: {problem}.");
        }
    }

    private static long Align(long position) => (position + Alignment - 1) & -Alignment;

    private Task PadAsync(CancellationToken cancellation) =>
        AppendAsync(new byte[Align(_position) - _position], cancellation);

    private async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await target.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        _position += bytes.Length;
    }
}
