namespace Fourteen.Engine.SafeTensors;

/// <summary>Files of settings, read whole and so only up to a limit.</summary>
internal static class SmallFile
{
    internal static byte[] Read(string path, int bytesMax)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (stream.Length > bytesMax)
            {
                throw new ModelFileException(
                    path, "", $"a file of this name may have at most {bytesMax} bytes, found {stream.Length}");
            }

            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, "", $"the file cannot be read: {e.Message}", "", e);
        }
    }
}
