namespace Fourteen.Engine.Gguf;

/// <summary>
/// An open GGUF model: metadata, and tensors whose bytes stay where they are in the mapped file. A split model is
/// opened by its first file. Read-only, so any thread may read it; whoever opened it disposes it, after the last use of
/// any tensor.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly List<ModelBytes> _owned;

    private GgufFile(GgufHead first, List<ModelBytes> owned, List<TensorEntry> tensors)
    {
        _owned = owned;
        Path = owned[0].Path;
        Version = first.Version;
        Metadata = first.Metadata;
        Tensors = new TensorDirectory(tensors);
        FileBytes = owned.Sum(part => part.Length);
    }

    /// <summary>The file that was opened.</summary>
    public string Path { get; }

    /// <summary>Version of the container: 2 or 3.</summary>
    public int Version { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>The tensors of all files of the model.</summary>
    public TensorDirectory Tensors { get; }

    /// <summary>Bytes of all files of the model, decompressed.</summary>
    public long FileBytes { get; }

    /// <summary>Opens a file; one that is compressed with gzip is unpacked into memory.</summary>
    /// <exception cref="ModelFileException">It is no valid GGUF file; the message says what is wrong.</exception>
    public static GgufFile Open(string path) => Open(ModelBytes.Open(path));

    /// <summary>Opens a copy of bytes in memory.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="content">The whole file.</param>
    /// <exception cref="ModelFileException">They are no valid GGUF file.</exception>
    public static GgufFile Open(string name, ReadOnlySpan<byte> content) => Open(ModelBytes.Copy(name, content));

    public void Dispose() => _owned.ForEach(part => part.Dispose());

    private static GgufFile Open(ModelBytes bytes)
    {
        List<ModelBytes> owned = [bytes];
        bool opened = false;
        try
        {
            GgufHead first = GgufReader.Read(bytes);
            List<TensorEntry> tensors = first.Tensors;
            int count = GgufShards.Count(first.Metadata);
            if (count > 1)
                GgufShards.ReadRest(first, count, owned, tensors);
            opened = true;
            return new GgufFile(first, owned, tensors);
        }
        finally
        {
            if (!opened)
                owned.ForEach(part => part.Dispose());
        }
    }
}
