using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Limits;

/// <summary>Rates of reading memory in 10⁹ bytes a second.</summary>
/// <param name="Huge">From memory that asks for huge pages, as packed weights do.</param>
/// <param name="Plain">From memory in the system's usual pages.</param>
public readonly record struct BandwidthSample(double Huge, double Plain)
{
    /// <summary>The limit: what the better kind of memory gives.</summary>
    public double Best => Math.Max(Huge, Plain);
}

/// <summary>
/// How fast workers read memory that no cache holds: each takes pieces as they come, as products of weights do, once
/// with software prefetch and once without, and the faster way counts. Owned by one thread.
/// </summary>
public sealed unsafe class MemoryBandwidth : IDisposable
{
    /// <summary>Of each kind of memory: several times the last cache of a core.</summary>
    public const long BufferBytes = 128L << 20;

    private const int PieceBytes = 1 << 20;
    private const int Passes = 5;

    /// <summary>How far ahead a prefetch reaches; a page is what helps most where anything does.</summary>
    private const int PrefetchBytes = 4096;

    private readonly AlignedBuffer _huge = new(BufferBytes, zeroed: false);
    private readonly void* _plain = NativeMemory.AlignedAlloc((nuint)BufferBytes, AlignedBuffer.Alignment);
    private bool _disposed;

    /// <summary>Takes the memory and touches all of it.</summary>
    /// <exception cref="OutOfMemoryException">The system does not give that much.</exception>
    public MemoryBandwidth()
    {
        for (long at = 0; at < BufferBytes; at += PieceBytes)
        {
            _huge.Span(at, PieceBytes).Fill(1);
            new Span<byte>((byte*)_plain + at, PieceBytes).Fill(1);
        }
    }

    /// <summary>
    /// Whether the memory that asked for huge pages got them for at least half; null where the system does not say.
    /// </summary>
    public bool? HasHugePages => _huge.AsksForHugePages
        ? SystemMemory.HugeBytes(_huge.Address, BufferBytes) >= BufferBytes / 2
        : null;

    /// <summary>Medians of some passes by all workers of <paramref name="pool"/>, kinds and ways in turn: a tenth of a
    /// second or a few.</summary>
    public BandwidthSample Measure(WorkerPool pool)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ReadJob[] jobs =
        [
            new(_huge.Address, prefetch: false), new(_huge.Address, prefetch: true),
            new((nint)_plain, prefetch: false), new((nint)_plain, prefetch: true),
        ];
        double[][] rates = [new double[Passes], new double[Passes], new double[Passes], new double[Passes]];
        for (int pass = 0; pass < Passes; pass++)
        {
            for (int i = 0; i < jobs.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                pool.Run(jobs[i], (int)(BufferBytes / PieceBytes), 1);
                rates[i][pass] = BufferBytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
            }
        }

        double[] medians = [.. rates.Select(Median.Of)];
        return new BandwidthSample(Math.Max(medians[0], medians[1]), Math.Max(medians[2], medians[3]));
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _huge.Dispose();
        NativeMemory.AlignedFree(_plain);
    }

    private sealed class ReadJob(nint address, bool prefetch) : WorkerJob
    {
        /// <summary>Keeps the reads from being dropped.</summary>
        private long _sum;

        public override void Execute(int start, int end, int worker)
        {
            byte* from = (byte*)address + ((long)start * PieceBytes);
            nint bytes = (nint)(end - start) * PieceBytes;
            long sum = Vector512.IsHardwareAccelerated
                ? Read512(from, bytes, prefetch) : Read256(from, bytes, prefetch);
            Interlocked.Add(ref _sum, sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Read512(byte* from, nint bytes, bool prefetch)
    {
        Vector512<long> a = Vector512<long>.Zero, b = a, c = a, d = a;
        for (nint at = 0; at < bytes; at += 256)
        {
            if (prefetch)
                Prefetch(from + at);
            a ^= Vector512.Load((long*)(from + at));
            b ^= Vector512.Load((long*)(from + at + 64));
            c ^= Vector512.Load((long*)(from + at + 128));
            d ^= Vector512.Load((long*)(from + at + 192));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Read256(byte* from, nint bytes, bool prefetch)
    {
        Vector256<long> a = Vector256<long>.Zero, b = a, c = a, d = a;
        for (nint at = 0; at < bytes; at += 256)
        {
            if (prefetch)
                Prefetch(from + at);
            for (nint half = at; half < at + 256; half += 128)
            {
                a ^= Vector256.Load((long*)(from + half));
                b ^= Vector256.Load((long*)(from + half + 32));
                c ^= Vector256.Load((long*)(from + half + 64));
                d ^= Vector256.Load((long*)(from + half + 96));
            }
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    /// <summary>Four lines ahead; behind the end of the memory a prefetch does nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* at)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(at + PrefetchBytes);
        Sse.Prefetch0(at + PrefetchBytes + 64);
        Sse.Prefetch0(at + PrefetchBytes + 128);
        Sse.Prefetch0(at + PrefetchBytes + 192);
    }
}
