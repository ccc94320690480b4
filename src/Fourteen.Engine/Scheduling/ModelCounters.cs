using Fourteen.Engine.KvCache;

namespace Fourteen.Engine.Scheduling;

/// <summary>Counts what a model does. Written by the engine thread, read by any.</summary>
internal sealed class ModelCounters
{
    /// <summary>The weight of the last step in a rate.</summary>
    private const double Weight = 0.1;

    private readonly Lock _lock = new();
    private readonly long[] _stepCounts = new long[ModelStatistics.StepSecondsRanges.Count + 1];
    private int _running;
    private int _kvBlocks;
    private int _kvBlocksInUse;
    private int _kvBlocksCached;
    private (long Queried, long Hit) _prefix;
    private long _preemptions;
    private long _promptTokens;
    private long _generated;
    private long _finished;
    private long _cancelled;
    private long _failed;
    private long _steps;
    private double _seconds;
    private double _lastSeconds;
    private double _decodeRate;
    private double _prefillRate;

    /// <summary>Notes how things stand.</summary>
    internal void Note(Scheduler scheduler, BlockPool blocks)
    {
        lock (_lock)
        {
            _running = scheduler.Running.Count;
            _kvBlocks = blocks.Total;
            _kvBlocksInUse = blocks.InUse;
            _kvBlocksCached = blocks.Cached;
            _prefix = scheduler.PrefixTokens;
            _preemptions = scheduler.Preemptions;
        }
    }

    /// <summary>Counts a step.</summary>
    /// <param name="generated">Tokens that were appended after it.</param>
    internal void AddStep(Batch batch, int generated, TimeSpan elapsed)
    {
        double seconds = elapsed.TotalSeconds;
        int range = 0;
        while (range < _stepCounts.Length - 1 && seconds > ModelStatistics.StepSecondsRanges[range])
            range++;
        lock (_lock)
        {
            _steps++;
            _stepCounts[range]++;
            _seconds += seconds;
            _lastSeconds = seconds;
            _promptTokens += batch.PromptTokens;
            _generated += generated;
            if (batch.HasStreams)
                Mix(ref _decodeRate, batch.Tokens.Count - batch.PromptTokens, seconds);
            if (batch.PromptTokens > 0)
                Mix(ref _prefillRate, batch.PromptTokens, seconds);
        }
    }

    /// <summary>Counts the end of a sequence.</summary>
    internal void AddEnd(Exception? fault)
    {
        lock (_lock)
        {
            if (fault is null)
                _finished++;
            else if (fault is OperationCanceledException)
                _cancelled++;
            else
                _failed++;
        }
    }

    /// <summary>All that was counted; any thread.</summary>
    internal ModelStatistics Read(AdmissionGate gate)
    {
        int count = gate.Count;
        lock (_lock)
        {
            return new ModelStatistics
            {
                Running = _running,
                Waiting = Math.Max(0, count - _running),
                KvBlocks = _kvBlocks,
                KvBlocksInUse = _kvBlocksInUse,
                KvBlocksCached = _kvBlocksCached,
                PrefixTokensQueried = _prefix.Queried,
                PrefixTokensHit = _prefix.Hit,
                PromptTokensComputed = _promptTokens,
                TokensGenerated = _generated,
                Preemptions = _preemptions,
                Finished = _finished,
                Cancelled = _cancelled,
                Failed = _failed,
                Refused = gate.Refused,
                Steps = _steps,
                StepSeconds = _seconds,
                LastStepSeconds = _lastSeconds,
                StepCounts = [.. _stepCounts],
                DecodeTokensPerSecond = _decodeRate,
                PrefillTokensPerSecond = _prefillRate,
            };
        }
    }

    private static void Mix(ref double rate, int tokens, double seconds)
    {
        if (seconds > 0)
            rate += (rate == 0 ? 1 : Weight) * ((tokens / seconds) - rate);
    }
}
