using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Memory;

/// <summary>
/// Memory outside the garbage collector, aligned to a cache line, with one owner: whoever holds the buffer frees it by
/// <see cref="Dispose"/>; what is derived from <see cref="Address"/> must not outlive it. Not zeroed, and so not touched:
/// the system gives pages when they are first written.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Bytes of a cache line on every processor we know.</summary>
    public const int Alignment = 64;

    private void* _memory;

    /// <param name="bytes">Size; zero is allowed.</param>
    public AlignedBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        _memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), Alignment);
    }

    ~AlignedBuffer() => Free();

    /// <summary>First byte.</summary>
    public nint Address => (nint)_memory;

    /// <summary>Size as asked for.</summary>
    public long Bytes { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
