using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Memory;

/// <summary>
/// Native memory outside the garbage collector, aligned to a cache line (64 bytes, which is also one 512-bit vector).
/// It has one owner, who disposes it once nobody uses <see cref="Address"/> any more; there is no finalizer, because it
/// could free the memory while a raw address is still in use. Not synchronized: concurrent use of the content is the
/// user's affair.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Bytes of alignment of <see cref="Address"/>.</summary>
    public const int Alignment = 64;

    private void* _memory;

    /// <param name="bytes">Size, 0 or more; an empty buffer has a valid address too.</param>
    /// <param name="zeroed">Whether the memory is cleared; otherwise its content is arbitrary.</param>
    /// <exception cref="OutOfMemoryException">The system does not give that much.</exception>
    public AlignedBuffer(long bytes, bool zeroed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        // A whole number of cache lines, and at least one, so that the last vector of a buffer lies inside it.
        nuint size = checked((nuint)(Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment);
        _memory = NativeMemory.AlignedAlloc(size, Alignment);
        Length = bytes;
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
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
