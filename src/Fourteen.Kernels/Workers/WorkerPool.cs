using System.Runtime.ExceptionServices;

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
/// 0 and takes part; one thread at a time may call it. Items are handed out in chunks as workers ask for them, so what
/// a worker computes depends on time: jobs must give the same result whoever runs an item.
/// </summary>
/// <remarks>
/// The hand-out is one 64-bit ticket: generation, item count, next item. A worker takes a chunk by compare-and-swap on
/// the whole ticket, so it can never take a chunk of a job that is over. The caller waits for chunks that were taken,
/// not for workers: one that the system has put aside holds nobody up unless it was in the middle of a chunk.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    /// <summary>The most items of one job: 20 bits of the ticket.</summary>
    public const int ItemsMax = (1 << 20) - 1;

    /// <summary>
    /// Rounds of spinning before an idle worker sleeps: about 50 µs, longer than the gaps between the jobs of one step.
    /// </summary>
    private const int SpinRounds = 1500;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private WorkerJob? _job;
    private int _chunk;
    private long _ticket;
    private int _done;
    private int _sleeping;
    private ExceptionDispatchInfo? _fault;
    private volatile bool _stopping;

    /// <param name="threads">Workers, the calling thread included.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ThreadCount = threads;
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

        _job = job;
        _chunk = chunk;
        _done = 0;
        long generation = ((Volatile.Read(ref _ticket) >> 40) + 1) & 0xFFFFFF;
        Interlocked.Exchange(ref _ticket, (generation << 40) | ((long)items << 20));
        int sleeping = Volatile.Read(ref _sleeping);
        if (sleeping > 0)
            _wake.Release(sleeping);

        TakeChunks(0);
        SpinWait spin = default;
        while (Volatile.Read(ref _done) < items)
            spin.SpinOnce(sleep1Threshold: -1);
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

    private static bool HasItems(long ticket) => (ticket & ItemsMax) < ((ticket >> 20) & ItemsMax);

    private void Loop(int worker)
    {
        while (!_stopping)
        {
            if (HasItems(Volatile.Read(ref _ticket)))
                TakeChunks(worker);
            else if (!SpinForItems())
                Sleep();
        }
    }

    private bool SpinForItems()
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if (HasItems(Volatile.Read(ref _ticket)) || _stopping)
                return true;
            Thread.SpinWait(1);
        }

        return false;
    }

    private void Sleep()
    {
        Interlocked.Increment(ref _sleeping);
        // Looked at once more after the count is public: a job published before that would not have woken us.
        if (!HasItems(Volatile.Read(ref _ticket)) && !_stopping)
            _wake.Wait(Timeout.Infinite);
        Interlocked.Decrement(ref _sleeping);
    }

    private void TakeChunks(int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            if (!HasItems(ticket))
                return;
            int items = (int)((ticket >> 20) & ItemsMax);
            int start = (int)(ticket & ItemsMax);
            int end = Math.Min(start + Volatile.Read(ref _chunk), items);
            if (Interlocked.CompareExchange(ref _ticket, ticket + (end - start), ticket) != ticket)
                continue;
            Execute(start, end, worker);
        }
    }

    private void Execute(int start, int end, int worker)
    {
        try
        {
            // The ticket is ours, so the job cannot change before we report the chunk as done.
            _job!.Execute(start, end, worker);
        }
        catch (Exception exception)
        {
            // Carried to the thread that called Run, which must not wait for ever.
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(exception), null);
        }
        finally
        {
            Interlocked.Add(ref _done, end - start);
        }
    }

    private void ThrowFault()
    {
        ExceptionDispatchInfo? fault = Interlocked.Exchange(ref _fault, null);
        fault?.Throw();
    }
}
