using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;

namespace Fourteen.Engine.Models;

/// <summary>
/// A model on disk, a GGUF file (or the first of its shards) or a folder with <c>config.json</c> and safetensors, as
/// one set of GGUF keys and tensor names; or one that is made up in memory. Keeps the files mapped until disposed; what
/// is loaded from it may point into them.
/// </summary>
public sealed class ModelFile : IDisposable
{
    private readonly IDisposable _owner;
    private readonly Action<TensorEntry>? _release;

    /// <param name="owner">Disposed with this file: what the tensors lie in.</param>
    /// <param name="release">Frees a tensor that nobody reads any more; null where nothing is to be freed.</param>
    internal ModelFile(
        string path, GgufMetadata metadata, TensorDirectory tensors, IDisposable owner,
        Action<TensorEntry>? release = null)
    {
        Path = path;
        Metadata = metadata;
        Tensors = tensors;
        _owner = owner;
        _release = release;
    }

    /// <summary>The path as the user gave it.</summary>
    public string Path { get; }

    public GgufMetadata Metadata { get; }

    public TensorDirectory Tensors { get; }

    /// <summary>Opens a file or folder; throws <see cref="ModelFileException"/> where it is no model.</summary>
    public static ModelFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            HuggingFaceFolder folder = HuggingFaceFolder.Open(path);
            return new ModelFile(path, folder.Metadata, folder.Tensors, folder);
        }

        GgufFile file = GgufFile.Open(path);
        return new ModelFile(path, file.Metadata, file.Tensors, file);
    }

    /// <summary>Opens a copy of a GGUF file's bytes in memory; <paramref name="name"/> is what messages call it.
    /// </summary>
    public static ModelFile Open(string name, ReadOnlySpan<byte> content)
    {
        GgufFile file = GgufFile.Open(name, content);
        return new ModelFile(name, file.Metadata, file.Tensors, file);
    }

    /// <summary>A tensor that must be there.</summary>
    public TensorEntry RequireTensor(string name) => Tensors.TryFind(name, out TensorEntry? tensor)
        ? tensor
        : throw new ModelFileException(
            Path, name, "this tensor must be there, but it is missing",
            Tensors.All.Count == 0 ? "the file holds no weights at all: it is a vocabulary" : "");

    /// <summary>
    /// Says that nobody reads a tensor's bytes any more, so that memory that was made for them can go. A tensor in a
    /// mapped file stays as it is: the system takes its pages back by itself.
    /// </summary>
    public void Release(TensorEntry tensor) => _release?.Invoke(tensor);

    public void Dispose() => _owner.Dispose();
}
