using System.Buffers.Binary;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Kernels.Memory;

namespace Fourteen.Engine.Synthetic;

/// <summary>
/// One tensor of a made-up model. Matrices are random with a root mean square of 1 / √columns, so that what they give
/// is about as large as what they take; norms are ones. Its bytes are made when they are asked for and freed when told
/// so; those two for one thread at a time.
/// </summary>
internal sealed class SyntheticTensor : IDisposable
{
    private readonly TensorShape _shape;
    private readonly ModelShape _model;
    private readonly Lazy<RandomBlocks>? _random; // null: a vector
    private readonly ulong _seed;
    private AlignedBuffer? _bytes;

    internal SyntheticTensor(TensorShape shape, ModelShape model, GgmlType type, ulong seed)
    {
        _shape = shape;
        _model = model;
        _seed = seed;
        Description = new GgufTensor(shape.Name, type, shape.Dimensions);
        Bytes = Description.Bytes;
        if (shape.Dimensions.Length > 1)
            _random = new(() => RandomBlocks.Of(type, 1 / Math.Sqrt(shape.Dimensions[0])));
    }

    /// <summary>Name, type and shape.</summary>
    internal GgufTensor Description { get; }

    internal long Bytes { get; }

    /// <summary>As a tensor of a file.</summary>
    internal TensorEntry ToEntry() => new(_shape.Name, Description.Type, _shape.Dimensions, 0, Bytes) { Maker = Make };

    /// <summary>Frees the bytes; asked for again they are made again.</summary>
    internal void Release()
    {
        _bytes?.Dispose();
        _bytes = null;
    }

    public void Dispose() => Release();

    /// <summary>
    /// Writes the bytes from <paramref name="start"/> on, in parallel; start is a multiple of <see cref="PieceBytes"/>.
    /// </summary>
    internal void Fill(long start, Memory<byte> target)
    {
        if (_random is null)
        {
            FillVector(target.Span);
            return;
        }

        int pieces = (target.Length + PieceBytes - 1) / PieceBytes;
        Parallel.For(0, pieces, i => FillPiece(start / PieceBytes + i, target.Span[(i * PieceBytes)..]));
    }

    /// <summary>Bytes that are made on their own; a vector is made as a whole.</summary>
    internal int PieceBytes => _random?.Value.PieceBytes ?? (int)Bytes;

    private nint Make()
    {
        if (_bytes is not null)
            return _bytes.Address;
        var bytes = new AlignedBuffer(Bytes, zeroed: false);
        if (_random is null)
        {
            FillVector(bytes.Span(0, (int)Bytes));
        }
        else
        {
            Parallel.For(0, (Bytes + PieceBytes - 1) / PieceBytes, piece =>
            {
                long start = piece * PieceBytes;
                FillPiece(piece, bytes.Span(start, (int)Math.Min(PieceBytes, Bytes - start)));
            });
        }

        _bytes = bytes;
        return bytes.Address;
    }

    private void FillPiece(long piece, Span<byte> target) =>
        _random!.Value.Fill(_seed, piece, target[..Math.Min(target.Length, PieceBytes)]); // Matrices alone have pieces.

    private void FillVector(Span<byte> target)
    {
        bool isRope = _shape.Role == "rope_freqs";
        for (int i = 0; i < target.Length / sizeof(float); i++)
        {
            float value = isRope ? (float)LlamaRopeDivisor(i) : 1;
            BinaryPrimitives.WriteSingleLittleEndian(target[(i * sizeof(float))..], value);
        }
    }

    /// <summary>
    /// Llama 3's divisor of frequency <paramref name="pair"/>: low frequencies are divided by the factor, high ones
    /// stay, and between a quarter and the whole of 8192 positions a turn it goes over from one to the other.
    /// </summary>
    private double LlamaRopeDivisor(int pair)
    {
        const double Original = 8192, Low = 1, High = 4;
        double turns = Original * Math.Pow(_model.RopeBase, -2.0 * pair / _model.HeadDim) / (2 * Math.PI);
        double smooth = Math.Clamp((turns - Low) / (High - Low), 0, 1);
        return 1 / (((1 - smooth) / _model.RopeFactor) + smooth);
    }
}
