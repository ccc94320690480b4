using System.IO.Compression;

namespace Fourteen.Engine.Gguf;

/// <summary>Files that are published compressed, vocabularies for the most part.</summary>
internal static class Gzip
{
    private const int PieceBytes = 1 << 16;

    /// <summary>The shortest gzip file, of no bytes.</summary>
    private const int BytesMin = 18;

    internal static bool Is(long fileBytes, ReadOnlySpan<byte> head) =>
        fileBytes >= BytesMin && head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);

    /// <summary>Hands the decompressed bytes to <paramref name="write"/>, piece by piece.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="packed">Its bytes.</param>
    /// <param name="bytesMax">The most that it may hold.</param>
    /// <exception cref="ModelFileException">It is damaged, or holds more.</exception>
    internal static void Unpack(string path, Stream packed, long bytesMax, Action<ReadOnlySpan<byte>> write)
    {
        byte[] piece = new byte[PieceBytes];
        long length = 0;
        using GZipStream stream = new(packed, CompressionMode.Decompress);
        try
        {
            while (stream.Read(piece) is int read and > 0)
            {
                length += read;
                if (length > bytesMax)
                {
                    throw new ModelFileException(
                        path, "", $"a gzip file of this kind may hold at most {bytesMax} bytes, this one holds more",
                        "decompress it to a file first");
                }

                write(piece.AsSpan(0, read));
            }
        }
        catch (InvalidDataException e)
        {
            throw new ModelFileException(path, "", "the gzip data is damaged", "download the file again", e);
        }
    }
}
