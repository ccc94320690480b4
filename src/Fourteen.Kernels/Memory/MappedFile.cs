using System.IO.MemoryMappedFiles;

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
    /// Gives back the memory of the pages that lie wholly in a range: any that is in the file. Its bytes stay readable
    /// and are read from the file again when they are touched.
    /// </summary>
    /// <returns>Whether the range is in this file.</returns>
    public bool TryRelease(nint address, long bytes)
    {
        if (address < Address || bytes < 0 || bytes > Length - (address - Address))
            return false;
        SystemMemory.DropFilePages(address, bytes);
        return true;
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
