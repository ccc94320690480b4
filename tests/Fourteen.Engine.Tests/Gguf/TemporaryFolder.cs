namespace Fourteen.Engine.Tests.Gguf;

/// <summary>A folder for one test; disposing deletes it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), "fourteen-" + Path.GetRandomFileName());

    internal TemporaryFolder() => Directory.CreateDirectory(_path);

    internal string File(string name) => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
