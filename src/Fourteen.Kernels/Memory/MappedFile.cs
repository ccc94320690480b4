using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Fourteen.Kernels.Memory;

/// <summary>
/// A file mapped into memory, read-only: pages are read when they are first touched, and the system may drop them again
/// when memory gets short. It has one owner, who disposes it once nobody uses <see cref="Address"/> any more; then any
/// thread may read. The file must not shrink meanwhile: touching a page that is gone ends the process.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    // Both null for an empty file, which cannot be mapped.
    private readonly MemoryMappedFile? _file;
    private readonly SafeFileHandle? _handle; // owned by _file
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    /// <summary>Maps the whole file.</summary>
    /// <exception cref="IOException">It is not there or cannot be read or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or it is a folder.</exception>
    public MappedFile(string path)
    {
        // Delete is shared so that a newer version of a model may be moved over one that is in use.
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        bool mapped = false;
        try
        {
            Length = stream.Length;
            if (Length == 0)
                return;
            _file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            mapped = true;
            _handle = stream.SafeFileHandle;
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }
        finally
        {
            if (!mapped)
                stream.Dispose();
            else if (_start is null)
                DisposeMapping();
        }
    }

    /// <summary>First byte; 0 for an empty file.</summary>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return (nint)_start;
        }
    }

    /// <summary>Size of the file in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>The bytes [<paramref name="offset"/>, offset + <paramref name="length"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie in the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        MemoryRange.Check(offset, length, Length);
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    /// <summary>
    /// Copies the bytes at <paramref name="address"/>, which must lie in the mapping, without touching its pages: for
    /// what is read once. They stay the system's, and no page has to be mapped.
    /// </summary>
    /// <exception cref="IOException">They cannot be read, or the file has become shorter.</exception>
    public void Read(nint address, Span<byte> target)
    {
        long offset = address - Address;
        MemoryRange.Check(offset, target.Length, Length);
        while (target.Length > 0)
        {
            int read = RandomAccess.Read(_handle!, target, offset); // Only an empty file has no handle.
            if (read == 0)
                throw new EndOfStreamException($"It had {Length} bytes when it was opened and ends at {offset} now.");
            offset += read;
            target = target[read..];
        }
    }

    /// <summary>Unmaps the file; further calls do nothing.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_start is not null)
            _view!.SafeMemoryMappedViewHandle.ReleasePointer(); // A start address was acquired from this view.
        _start = null;
        DisposeMapping();
    }

    private void DisposeMapping()
    {
        _view?.Dispose();
        _file?.Dispose();
    }
}
