using Fourteen.Kernels.Workers;
using Xunit;

namespace Fourteen.Kernels.Tests.Workers;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_ManyJobsOfAllSizes_ComputesEachItemOnce(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 2000; round++)
        {
            var job = new CountingJob(round % 67);
            pool.Run(job, job.Counts.Length, 1 + (round % 5));
            Assert.All(job.Counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Run_AfterWorkersFellAsleep_WakesThem()
    {
        using var pool = new WorkerPool(2);
        for (int round = 0; round < 20; round++)
        {
            Thread.Sleep(5);
            var job = new CountingJob(64);
            pool.Run(job, 64, 1);
            Assert.All(job.Counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Run_OneRangeTakesLong_OthersAreHelpedWith()
    {
        using var pool = new WorkerPool(2);
        var job = new HeldJob(pool.ThreadCount * 8);
        pool.Run(job, job.Workers.Length, 1);

        // Whoever has item 0 keeps it until all others are done, so the other worker must have taken those.
        Assert.Single(job.Workers, worker => worker == job.Workers[0]);
    }

    [Fact]
    public void Run_JobThrows_ThrowsHereAndThePoolGoesOn()
    {
        using var pool = new WorkerPool(3);
        Assert.Throws<InvalidOperationException>(() => pool.Run(new ThrowingJob(), 100, 1));
        var job = new CountingJob(100);
        pool.Run(job, 100, 1);
        Assert.All(job.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Run_MoreItemsThanATicketHolds_IsRefused()
    {
        using var pool = new WorkerPool(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Run(new CountingJob(1), WorkerPool.ItemsMax + 1, 1));
    }

    private sealed class CountingJob(int items) : WorkerJob
    {
        internal int[] Counts { get; } = new int[items];

        public override void Execute(int start, int end, int worker)
        {
            for (int i = start; i < end; i++)
                Interlocked.Increment(ref Counts[i]);
        }
    }

    private sealed class HeldJob(int items) : WorkerJob
    {
        private int _done;

        internal int[] Workers { get; } = new int[items];

        public override void Execute(int start, int end, int worker)
        {
            for (int i = start; i < end; i++)
            {
                Workers[i] = worker;
                SpinWait.SpinUntil(() => i > 0 || Volatile.Read(ref _done) == Workers.Length - 1);
                Interlocked.Increment(ref _done);
            }
        }
    }

    private sealed class ThrowingJob : WorkerJob
    {
        public override void Execute(int start, int end, int worker)
        {
            if (start == 57)
                throw new InvalidOperationException("57");
        }
    }
}
