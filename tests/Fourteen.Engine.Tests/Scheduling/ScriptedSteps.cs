using Fourteen.Engine.KvCache;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>
/// A scheduler with a machine that computes nothing and takes the time that a script says: the engine's loop without
/// an engine.
/// </summary>
internal sealed class ScriptedSteps
{
    private static readonly RopeFrequencies Rope = RopeFrequencies.Yarn(1e6, 64, 2, 128, 32, 1, 1);

    private readonly StepCosts _costs = new();
    private readonly Func<Batch, double> _seconds;
    private readonly Batch _batch = new();
    private int _tokens;

    /// <param name="seconds">What a step takes.</param>
    internal ScriptedSteps(int blocks, int sequencesMax, int stepTokens = 512, Func<Batch, double>? seconds = null)
    {
        Pool = new BlockPool(blocks, blocks, _ => { });
        Scheduler = new Scheduler(Pool, sequencesMax, stepTokens, _costs);
        _seconds = seconds ?? (batch => 0.01 + (0.001 * batch.Tokens.Count));
    }

    internal BlockPool Pool { get; }

    internal Scheduler Scheduler { get; }

    internal Batch Batch => _batch;

    /// <summary>Seconds since the start.</summary>
    internal double Now { get; private set; }

    internal int Steps { get; private set; }

    /// <summary>A sequence whose prompt nobody else has, unless a text is given.</summary>
    internal Reader Add(
        int prompt, int answer, int priority = 0, string? tenant = null, IEnumerable<int>? text = null)
    {
        var reader = new Reader(this, answer);
        int[] tokens = [.. text ?? Enumerable.Range(0, prompt).Select(_ => ++_tokens)];
        reader.Sequence = new Sequence(
            tokens, prompt + answer, Rope, int.MaxValue, reader,
            new SchedulingOptions { Priority = priority, Tenant = tenant }, CancellationToken.None);
        Scheduler.Add(reader.Sequence);
        return reader;
    }

    /// <summary>One step; false where there was nothing to do.</summary>
    internal bool Step(TimeSpan? bound = null)
    {
        Scheduler.Fill(_batch, Scheduler.HasStreams ? bound : null);
        if (_batch.Tokens.Count == 0)
            return false;
        Assert.Equal(_batch.Tokens.Count, _batch.Spans.Sum(span => span.Count));
        double seconds = _seconds(_batch);
        Now += seconds;
        Steps++;
        Scheduler.Advance(_batch);
        foreach (Sequence sequence in _batch.Sequences.ToArray())
        {
            if (!sequence.Consumer.Commit(sequence))
                continue;
            Scheduler.Remove(sequence);
            sequence.Consumer.End(sequence, null);
        }

        _costs.Add(_batch.PromptTokens, _batch.PromptDepth, _batch.HasStreams, TimeSpan.FromSeconds(seconds));
        return true;
    }

    internal void Run(TimeSpan? bound = null)
    {
        for (int i = 0; Step(bound); i++)
            Assert.True(i < 100_000, "The sequences do not come to an end.");
    }

    internal sealed class Reader(ScriptedSteps steps, int answer) : ISequenceConsumer
    {
        private double _last;

        internal Sequence Sequence { get; set; } = null!; // Set by who makes it.

        internal int Generated { get; private set; }

        internal double FirstToken { get; private set; }

        internal double LongestGap { get; private set; }

        internal double? End { get; private set; }

        internal int EndStep { get; private set; }

        public bool HasRoom { get; set; } = true;

        public bool WantsLogits(int position, int known) => position == known - 1;

        public void TakeRow(int position, Span<float> logits)
        {
        }

        public bool Commit(Sequence sequence)
        {
            if (sequence.Pending > 0)
                return false;
            sequence.Tokens.Add(++steps._tokens);
            if (Generated++ == 0)
                FirstToken = steps.Now;
            else
                LongestGap = Math.Max(LongestGap, steps.Now - _last);
            _last = steps.Now;
            return Generated == answer;
        }

        void ISequenceConsumer.End(Sequence sequence, Exception? fault)
        {
            End = steps.Now;
            EndStep = steps.Steps;
        }
    }
}
