namespace Fourteen.Kernels.Memory;

/// <summary>
/// Memory for many buffers that live and die together, such as all packed weights of a model: few large mappings in
/// huge pages, where the system has them, from which pieces are cut one after the other. It has one owner, who disposes
/// it once nobody uses a piece any more. Not synchronized.
/// </summary>
public sealed class MemoryArena : IDisposable
{
    private readonly List<AlignedBuffer> _slabs = [];
    private long _used; // of the last slab

    /// <param name="bytes">What all pieces are expected to take together; what is not used costs nothing.</param>
    /// <exception cref="OutOfMemoryException">The system does not give that much.</exception>
    public MemoryArena(long bytes)
    {
        _slabs.Add(new AlignedBuffer(Math.Max(bytes, 1), zeroed: false));
    }

    /// <summary>Bytes that were taken.</summary>
    public long TakenBytes { get; private set; }

    /// <summary>
    /// Bytes of the arena that the system holds in huge pages now; null where it does not say, or where the arena is
    /// too small to ask for them. Walks all mappings of the process: for reports.
    /// </summary>
    public long? HugePageBytes => _slabs.TrueForAll(slab => slab.AsksForHugePages)
        ? _slabs.Sum(slab => SystemMemory.HugeBytes(slab.Address, slab.Length))
        : null;

    /// <summary>Cuts off a piece of arbitrary content that begins on a cache line.</summary>
    /// <exception cref="OutOfMemoryException">The system does not give that much.</exception>
    internal nint Take(long bytes)
    {
        long size = checked(bytes + AlignedBuffer.Alignment - 1) / AlignedBuffer.Alignment * AlignedBuffer.Alignment;
        if (size > _slabs[^1].Length - _used)
        {
            _slabs.Add(new AlignedBuffer(Math.Max(size, SlabBytes), zeroed: false));
            _used = 0;
        }

        nint piece = _slabs[^1].Address + (nint)_used;
        _used += size;
        TakenBytes += bytes;
        return piece;
    }

    public void Dispose() => _slabs.ForEach(slab => slab.Dispose());

    /// <summary>A slab beyond what was expected: large beside a huge page, small beside a model.</summary>
    private const long SlabBytes = 64 << 20;
}
