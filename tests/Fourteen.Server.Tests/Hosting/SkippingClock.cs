namespace Fourteen.Server.Tests.Hosting;

/// <summary>The system's clock, which can be put forward: timers that are due by then fire at once.</summary>
internal sealed class SkippingClock : TimeProvider
{
    private readonly List<SkippingTimer> _timers = [];
    private TimeSpan _skipped;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _skipped;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(_skipped.TotalSeconds * TimestampFrequency);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SkippingTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_timers)
            _timers.Add(timer);
        return timer;
    }

    internal void Skip(TimeSpan time)
    {
        SkippingTimer[] timers;
        lock (_timers)
        {
            _skipped += time;
            timers = [.. _timers];
        }

        foreach (SkippingTimer timer in timers)
            timer.FireIfDue();
    }

    private sealed class SkippingTimer : ITimer
    {
        private readonly SkippingClock _clock;
        private readonly ITimer _timer;
        private DateTimeOffset _due = DateTimeOffset.MaxValue;
        private TimeSpan _period;

        internal SkippingTimer(SkippingClock clock, TimerCallback callback, object? state)
        {
            _clock = clock;
            _timer = System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : _clock.GetUtcNow() + dueTime;
            _period = period;
            return _timer.Change(dueTime, period);
        }

        public void Dispose()
        {
            lock (_clock._timers)
                _clock._timers.Remove(this);
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        internal void FireIfDue()
        {
            if (_clock.GetUtcNow() >= _due)
                _timer.Change(TimeSpan.Zero, _period);
        }
    }
}
