using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Memory;

/// <summary>
/// Native memory outside the garbage collector, aligned to a cache line (64 bytes, which is also one 512-bit vector);
/// large buffers take memory as they are touched, in huge pages where the system has them.
/// It has one owner, who disposes it once nobody uses <see cref="Address"/> any more; there is no finalizer, because it
/// could free the memory while a raw address is still in use. Not synchronized: concurrent use of the content is the
/// user's affair.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Bytes of alignment of <see cref="Address"/>.</summary>
    public const int Alignment = 64;

    /// <summary>
    /// From here on a buffer is made of huge pages where the system has them: of four or more, so that a last piece in
    /// small pages is little beside them.
    /// </summary>
    internal const long HugeFromBytes = 4L * SystemMemory.HugePageBytes;

    private void* _memory;

    /// <param name="bytes">Size, 0 or more; an empty buffer has a valid address too.</param>
    /// <param name="zeroed">Whether the memory is cleared; otherwise its content is arbitrary.</param>
    /// <exception cref="OutOfMemoryException">The system does not give that much.</exception>
    public AlignedBuffer(long bytes, bool zeroed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        // A whole number of cache lines, and at least one, so that the last vector of a buffer lies inside it.
        nuint size = checked((nuint)(Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment);
        Length = bytes;
        _memory = bytes < HugeFromBytes ? null : (void*)SystemMemory.AllocateHuge(bytes);
        AsksForHugePages = _memory is not null;
        if (AsksForHugePages)
            return;
        _memory = NativeMemory.AlignedAlloc(size, Alignment);
        if (zeroed)
            NativeMemory.Clear(_memory, size);
    }

    /// <summary>First byte; a multiple of <see cref="Alignment"/>.</summary>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null, this);
            return (nint)_memory;
        }
    }

    /// <summary>Size in bytes, as asked for.</summary>
    public long Length { get; }

    /// <summary>Whether the memory is such that the system may hold it in huge pages, as far as it has any.</summary>
    internal bool AsksForHugePages { get; }

    /// <summary>The bytes [<paramref name="offset"/>, offset + <paramref name="length"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie in the buffer.</exception>
    public Span<byte> Span(long offset, int length)
    {
        MemoryRange.Check(offset, length, Length);
        return new Span<byte>((byte*)Address + offset, length);
    }

    /// <summary>Frees the memory; further calls do nothing.</summary>
    public void Dispose()
    {
        if (AsksForHugePages && _memory is not null)
            SystemMemory.FreeHuge((nint)_memory, Length);
        else
            NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
