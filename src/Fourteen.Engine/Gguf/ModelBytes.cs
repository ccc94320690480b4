using Fourteen.Kernels.Memory;

namespace Fourteen.Engine.Gguf;

/// <summary>
/// The bytes of one model file: mapped, or in memory where they were compressed or never were a file. Owns them; the
/// addresses of tensors point in here.
/// </summary>
internal sealed class ModelBytes : IDisposable
{
    /// <summary>Limit of a decompressed file: vocabularies have tens of MB, and models are not worth compressing.
    /// </summary>
    private const long DecompressedBytesMax = 1L << 30;

    private readonly MappedFile? _mapped;
    private readonly AlignedBuffer? _memory;

    private ModelBytes(string path, MappedFile mapped)
    {
        Path = path;
        _mapped = mapped;
        Length = mapped.Length;
        Address = mapped.Address;
    }

    private ModelBytes(string path, AlignedBuffer memory, long length)
    {
        Path = path;
        _memory = memory;
        Length = length;
        Address = memory.Address;
    }

    /// <summary>The file's path, or the name that the caller gave to the bytes.</summary>
    internal string Path { get; }

    /// <summary>First byte, or 0 where there is none.</summary>
    internal nint Address { get; }

    internal long Length { get; }

    /// <summary>The mapped file that the bytes are in, or null.</summary>
    internal MappedFile? File => _mapped;

    /// <summary>Maps the file; a gzip file is decompressed into memory.</summary>
    internal static ModelBytes Open(string path)
    {
        MappedFile mapped = Map(path);
        bool kept = false;
        try
        {
            if (!Gzip.Is(mapped.Length, mapped.Span(0, (int)Math.Min(2, mapped.Length))))
            {
                kept = true;
                return new ModelBytes(path, mapped);
            }

            return Decompress(path, mapped);
        }
        finally
        {
            if (!kept)
                mapped.Dispose();
        }
    }

    /// <summary>A copy of bytes in memory.</summary>
    internal static ModelBytes Copy(string name, ReadOnlySpan<byte> content)
    {
        AlignedBuffer memory = new(content.Length, zeroed: false);
        content.CopyTo(memory.Span(0, content.Length));
        return new ModelBytes(name, memory, content.Length);
    }

    /// <summary>The first bytes, as many as there are up to <paramref name="bytesMax"/>.</summary>
    internal ReadOnlySpan<byte> Head(int bytesMax)
    {
        int length = (int)Math.Min(Length, bytesMax);
        return _mapped is not null ? _mapped.Span(0, length) : _memory!.Span(0, length); // One of the two is set.
    }

    public void Dispose()
    {
        _mapped?.Dispose();
        _memory?.Dispose();
    }

    private static MappedFile Map(string path)
    {
        if (Directory.Exists(path))
        {
            throw new ModelFileException(
                path, "", "a file is wanted here, but this is a folder", "name the file in it");
        }

        try
        {
            return new MappedFile(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "", "there is no such file", "check the path", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ModelFileException(path, "", $"the file cannot be read: {e.Message}", "", e);
        }
    }

    private static ModelBytes Decompress(string path, MappedFile compressed)
    {
        if (compressed.Length > DecompressedBytesMax)
        {
            throw new ModelFileException(
                path, "", $"a gzip file may have at most {DecompressedBytesMax} bytes, found {compressed.Length}",
                "decompress it to a file first");
        }

        byte[] packed = compressed.Span(0, (int)compressed.Length).ToArray();
        // Vocabularies shrink to a quarter or a third; where they shrink more the buffer grows.
        AlignedBuffer buffer = new(Math.Min(compressed.Length * 4, DecompressedBytesMax), zeroed: false);
        bool kept = false;
        try
        {
            long length = 0;
            Gzip.Unpack(path, new MemoryStream(packed), DecompressedBytesMax, piece =>
            {
                if (piece.Length > buffer.Length - length)
                    buffer = Grow(buffer, length, length + piece.Length);
                piece.CopyTo(buffer.Span(length, piece.Length));
                length += piece.Length;
            });
            kept = true;
            return new ModelBytes(path, buffer, length);
        }
        finally
        {
            if (!kept)
                buffer.Dispose();
        }
    }

    /// <summary>A buffer of twice the size, or more where that is needed, with the first bytes of the full one.
    /// </summary>
    private static AlignedBuffer Grow(AlignedBuffer full, long used, long needed)
    {
        AlignedBuffer larger = new(Math.Max(needed, Math.Min(full.Length * 2, DecompressedBytesMax)), zeroed: false);
        full.Span(0, (int)used).CopyTo(larger.Span(0, (int)used));
        full.Dispose();
        return larger;
    }
}
