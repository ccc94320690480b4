namespace Fourteen.Engine.Scheduling;

/// <summary>
/// Counts the sequences of a model from submission to end, so that not too many wait. Any thread may enter; the engine
/// thread lets go.
/// </summary>
/// <param name="runningMax">Sequences that run at once.</param>
/// <param name="waitingMax">Sequences that may wait while so many run.</param>
internal sealed class AdmissionGate(int runningMax, int waitingMax, TimeProvider clock)
{
    /// <summary>What is told before any sequence has ended: the answer of a small model.</summary>
    private const double SecondsFirst = 5;

    /// <summary>Nobody is sent away for longer: by then the estimate is worth nothing.</summary>
    private const double SecondsMax = 600;

    /// <summary>The weight of the last time between two ends.</summary>
    private const double Weight = 0.2;

    private int _count;
    private long _refused;
    private long _lastEnd;
    private double _secondsBetween = SecondsFirst;

    /// <summary>Sequences that wait or run.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Sequences that found no place.</summary>
    internal long Refused => Interlocked.Read(ref _refused);

    /// <exception cref="RequestException">
    /// There is no place; it says when there may be one, by the time between the last ends.
    /// </exception>
    internal void Enter()
    {
        long places = (long)runningMax + waitingMax;
        for (int count = Count; count < places; count = Count)
        {
            if (Interlocked.CompareExchange(ref _count, count + 1, count) == count)
                return;
        }

        Interlocked.Increment(ref _refused);
        double seconds = Math.Clamp(Math.Ceiling(Volatile.Read(ref _secondsBetween)), 1, SecondsMax);
        throw new RequestException(
            "queue", $"{runningMax} requests run and {waitingMax} wait already; try again in {seconds:0} s",
            FailureKind.QueueFull)
        {
            RetryAfter = TimeSpan.FromSeconds(seconds),
        };
    }

    /// <summary>Engine thread only, but for a sequence that was not handed over.</summary>
    internal void Leave() => Interlocked.Decrement(ref _count);

    /// <summary>Notes the end of a sequence. Engine thread only.</summary>
    internal void NoteEnd()
    {
        long now = clock.GetTimestamp();
        if (_lastEnd != 0 && Count > runningMax) // Between ends while nobody waits, idle time would count.
        {
            double seconds = clock.GetElapsedTime(_lastEnd, now).TotalSeconds;
            Volatile.Write(ref _secondsBetween, _secondsBetween + (Weight * (seconds - _secondsBetween)));
        }

        _lastEnd = now;
    }
}
