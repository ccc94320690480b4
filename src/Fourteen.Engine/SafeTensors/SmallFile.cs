using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>Files of settings, texts and tokenizers, read whole and so only up to a limit.</summary>
public static class SmallFile
{
    private const int PieceBytes = 1 << 16;

    /// <summary>The bytes of a file, decompressed where it is gzipped. It may be a pipe.</summary>
    /// <exception cref="ModelFileException">It cannot be read, is damaged, or holds more than
    /// <paramref name="bytesMax"/>.</exception>
    public static byte[] Read(string path, int bytesMax)
    {
        byte[] content = ReadStored(path, bytesMax);
        if (!Gzip.Is(content.Length, content))
            return content;
        var unpacked = new MemoryStream();
        Gzip.Unpack(path, new MemoryStream(content), bytesMax, unpacked.Write);
        return unpacked.ToArray();
    }

    private static byte[] ReadStored(string path, int bytesMax)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var content = new MemoryStream(stream.CanSeek ? (int)Math.Min(stream.Length, bytesMax) : 0);
            byte[] piece = new byte[PieceBytes];
            while (stream.Read(piece) is int read and > 0)
            {
                if (content.Length + read > bytesMax)
                {
                    throw new ModelFileException(
                        path, "", $"a file of this kind may have at most {bytesMax} bytes, this one has more");
                }

                content.Write(piece, 0, read);
            }

            return content.Capacity == content.Length ? content.GetBuffer() : content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, "", $"the file cannot be read: {e.Message}", "", e);
        }
    }
}
