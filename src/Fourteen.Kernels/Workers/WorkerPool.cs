using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Workers;

/// <summary>A piece of work over items 0 … n−1 that any worker may take a part of.</summary>
public abstract class WorkerJob
{
    /// <summary>Computes items <paramref name="start"/> … <paramref name="end"/> − 1.</summary>
    /// <param name="worker">Which worker runs it, 0 … threads − 1: an index for scratch memory.</param>
    public abstract void Execute(int start, int end, int worker);
}

/// <summary>
/// The fixed threads of a process that run jobs over ranges of items. The thread that calls <see cref="Run"/> is worker
/// 0 and takes part; one thread at a time may call it. Each worker has a contiguous range of the items and takes chunks
/// of it; one that is done helps the others with theirs. So what a worker computes depends on time: jobs must give the
/// same result whoever runs an item.
/// </summary>
/// <remarks>
/// A range is one 64-bit ticket: generation, end, next item. Whoever takes a chunk does so by compare-and-swap on the
/// whole ticket, so it can never take a chunk of a job that is over. The caller waits for items, not for workers: one
/// that the system has put aside holds nobody up unless it was in the middle of a chunk. Each worker's ticket and count
/// stand on cache lines of their own, so that taking a chunk costs no transfer between cores while nobody helps.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    /// <summary>The most items of one job: 20 bits of the ticket.</summary>
    public const int ItemsMax = (1 << 20) - 1;

    /// <summary>
    /// Rounds of spinning before an idle worker sleeps: about 50 µs, longer than the gaps between the jobs of one step.
    /// </summary>
    private const int SpinRounds = 1500;

    private readonly Slot[] _slots;
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private WorkerJob? _job;
    private int _chunk;
    private long _generation;
    private long _published; // items of all jobs so far
    private int _sleeping;
    private ExceptionDispatchInfo? _fault;
    private volatile bool _stopping;

    /// <param name="threads">Workers, the calling thread included.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ThreadCount = threads;
        _slots = new Slot[threads];
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"fourteen worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the calling thread included.</summary>
    public int ThreadCount { get; }

    /// <summary>
    /// Runs <paramref name="job"/> over <paramref name="items"/> items, <paramref name="chunk"/> at a time, and returns
    /// when all are done. What the job throws is thrown here.
    /// </summary>
    public void Run(WorkerJob job, int items, int chunk)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)items, (uint)ItemsMax, nameof(items));
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        if (_threads.Length == 0 || items <= chunk)
        {
            if (items > 0)
                job.Execute(0, items, 0);
            return;
        }

        Publish(job, items, chunk);
        TakeChunks(0);
        WaitForItems();
        ThrowFault();
    }

    public void Dispose()
    {
        _stopping = true;
        if (_threads.Length > 0)
            _wake.Release(_threads.Length);
        foreach (Thread thread in _threads)
            thread.Join();
        _wake.Dispose();
    }

    /// <summary>A worker's range, which all may take from, and its count of items done, which it alone writes.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 4 * LineBytes)]
    private struct Slot
    {
        /// <summary>Two cache lines: processors fetch them in pairs.</summary>
        private const int LineBytes = 128;

        [FieldOffset(LineBytes)]
        internal long Ticket;

        [FieldOffset(2 * LineBytes)]
        internal long Done;
    }

    private void Publish(WorkerJob job, int items, int chunk)
    {
        _job = job;
        _chunk = chunk;
        _published += items;
        _generation = (_generation + 1) & 0xFFFFFF;
        // Ranges of whole chunks, as even as these allow.
        int chunks = (items + chunk - 1) / chunk;
        int next = 0;
        for (int worker = 0; worker < _slots.Length; worker++)
        {
            int end = (int)Math.Min(items, (worker + 1L) * chunks / _slots.Length * chunk);
            Volatile.Write(ref _slots[worker].Ticket, (_generation << 40) | ((long)end << 20) | (uint)next);
            next = end;
        }

        // A worker that goes to sleep says so before it looks for a last time; so one of us sees the other.
        Interlocked.MemoryBarrier();
        int sleeping = _sleeping;
        if (sleeping > 0)
            _wake.Release(sleeping);
    }

    private void WaitForItems()
    {
        for (int round = 0; !AllDone(); round++)
        {
            if (round < SpinRounds)
                Thread.SpinWait(1);
            else
                Thread.Yield(); // The worker that we wait for may need this processor.
        }
    }

    private bool AllDone()
    {
        long done = 0;
        for (int worker = 0; worker < _slots.Length; worker++)
            done += Volatile.Read(ref _slots[worker].Done);
        return done == _published;
    }

    private void Loop(int worker)
    {
        long seen = 0; // The generation of the last ticket that was worked on.
        while (!_stopping)
        {
            long generation = Volatile.Read(ref _slots[worker].Ticket) >> 40;
            if (generation != seen)
            {
                seen = generation;
                TakeChunks(worker);
            }
            else if (!SpinForJob(worker, seen))
            {
                Sleep(worker, seen);
            }
        }
    }

    private bool HasJob(int worker, long seen) =>
        Volatile.Read(ref _slots[worker].Ticket) >> 40 != seen || _stopping;

    private bool SpinForJob(int worker, long seen)
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if (HasJob(worker, seen))
                return true;
            Thread.SpinWait(1);
        }

        return false;
    }

    private void Sleep(int worker, long seen)
    {
        Interlocked.Increment(ref _sleeping);
        // Looked at once more after the count is public: a job published before that would not have woken us.
        if (!HasJob(worker, seen))
            _wake.Wait(Timeout.Infinite);
        Interlocked.Decrement(ref _sleeping);
    }

    /// <summary>Takes chunks of the worker's own range, then of the others'.</summary>
    private void TakeChunks(int worker)
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            int from = worker + i < _slots.Length ? worker + i : worker + i - _slots.Length;
            TakeChunksOf(ref _slots[from].Ticket, worker);
        }
    }

    private void TakeChunksOf(ref long range, int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref range);
            int start = (int)(ticket & ItemsMax), items = (int)((ticket >> 20) & ItemsMax);
            if (start >= items)
                return;
            int end = Math.Min(start + Volatile.Read(ref _chunk), items);
            if (Interlocked.CompareExchange(ref range, ticket + (end - start), ticket) == ticket)
                Execute(start, end, worker);
        }
    }

    private void Execute(int start, int end, int worker)
    {
        try
        {
            // The chunk is ours, so the job cannot change before we report it as done.
            _job!.Execute(start, end, worker);
        }
        catch (Exception exception)
        {
            // Carried to the thread that called Run, which must not wait for ever.
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(exception), null);
        }
        finally
        {
            Volatile.Write(ref _slots[worker].Done, _slots[worker].Done + (end - start));
        }
    }

    private void ThrowFault()
    {
        if (_fault is null)
            return;
        ExceptionDispatchInfo? fault = Interlocked.Exchange(ref _fault, null);
        fault?.Throw();
    }
}
