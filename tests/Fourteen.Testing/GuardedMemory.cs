using System.Runtime.InteropServices;

namespace Fourteen.Testing;

/// <summary>
/// A copy of some bytes that ends at a page nobody may touch, so that reading one byte past it ends the test program.
/// Where the system has no mmap (Windows), the bytes are copied without a guard.
/// </summary>
public sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, NoAccess = 0, PrivateLinux = 0x22, PrivateMac = 0x1002;

    private readonly nint _mapping;
    private readonly nuint _length;

    public GuardedMemory(ReadOnlySpan<byte> content)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint body = ((nuint)content.Length + page - 1) / page * page;
        _length = body + page;
        if (OperatingSystem.IsWindows())
        {
            _mapping = (nint)NativeMemory.Alloc(_length);
        }
        else
        {
            int flags = OperatingSystem.IsMacOS() ? PrivateMac : PrivateLinux;
            _mapping = Map(0, _length, ReadWrite, flags, -1, 0);
            if (_mapping == -1 || Protect(_mapping + (nint)body, page, NoAccess) != 0)
                throw new InvalidOperationException("The system gave no guarded memory.");
        }

        Address = _mapping + (nint)(body - (nuint)content.Length);
        content.CopyTo(new Span<byte>((void*)Address, content.Length));
    }

    /// <summary>First byte of the copy; its last byte is the last one before the guard.</summary>
    public nint Address { get; }

    public void Dispose()
    {
        if (OperatingSystem.IsWindows())
            NativeMemory.Free((void*)_mapping);
        else
            _ = Unmap(_mapping, _length);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
