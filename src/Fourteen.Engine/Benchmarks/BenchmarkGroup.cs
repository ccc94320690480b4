using Fourteen.Engine.Scheduling;

namespace Fourteen.Engine.Benchmarks;

/// <summary>
/// The sequences of a benchmark, which go through their rounds together: first each fills the cache to the test's
/// depth, then all begin a round at once, and when the last has done its tokens, all are set back to the depth and
/// begin the next. The first round warms up and is not counted. Engine thread only, but for construction and for the
/// end of a sequence that could not be handed over.
/// </summary>
internal sealed class BenchmarkGroup
{
    private readonly BenchmarkTest _test;
    private readonly int _rounds;
    private readonly int _vocabulary;
    private readonly StepMeter _meter;
    private readonly TimeProvider _clock;
    private readonly Action<int, int>? _progress;
    private readonly Random _random = new(14);
    private readonly Member[] _members;
    private readonly List<BenchmarkRound> _done = [];
    private readonly TaskCompletionSource<IReadOnlyList<BenchmarkRound>> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting; // members that have done what they were told
    private int _tokensDone;
    private int _endedMembers;
    private int _round = -1; // −1: filling to the depth
    private long _roundStart;
    private StepWork _workAtStart;

    /// <param name="rounds">Counted ones, 1 or more.</param>
    /// <param name="progress">Told (tokens done, all tokens), or null; called on the engine thread.</param>
    internal BenchmarkGroup(
        BenchmarkTest test, int rounds, int vocabulary, StepMeter meter, TimeProvider clock,
        Action<int, int>? progress)
    {
        _test = test;
        _rounds = rounds;
        _vocabulary = vocabulary;
        _meter = meter;
        _clock = clock;
        _progress = progress;
        _members = [.. Enumerable.Range(0, test.Batch).Select(_ => new Member(this))];
        if (test.Depth > 0)
            return;
        _round = 0;
        _roundStart = clock.GetTimestamp();
    }

    /// <summary>The rounds, or what went wrong.</summary>
    internal Task<IReadOnlyList<BenchmarkRound>> Completion => _completion.Task;

    /// <summary>Done when the scheduler has let go of all sequences.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>The consumers of the group's sequences, and the tokens that each begins with.</summary>
    internal IEnumerable<(ISequenceConsumer Consumer, int[] Tokens)> Start()
    {
        int first = _test.Depth > 0 ? _test.Depth : FirstTokens;
        return _members.Select(member => ((ISequenceConsumer)member, RandomTokens(first)));
    }

    /// <summary>Tokens that a round begins with: the whole prompt, or one that the next follow.</summary>
    private int FirstTokens => _test.Prompt > 0 ? _test.Prompt : 1;

    private int[] RandomTokens(int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
            tokens[i] = _random.Next(_vocabulary);
        return tokens;
    }

    /// <summary>A member has nothing more to do in this round.</summary>
    private void FinishRound()
    {
        _waiting++;
        if (_waiting < _members.Length)
            return;
        _waiting = 0;
        EndRound();
        if (_done.Count < _rounds)
            BeginRound();
        else
            _completion.TrySetResult(_done);
    }

    private void EndRound()
    {
        if (_round > 0)
        {
            _done.Add(new BenchmarkRound(
                _clock.GetElapsedTime(_roundStart), _test.Batch * _test.TokensPerSequence,
                _meter.Total - _workAtStart));
        }

        foreach (Member member in _members)
            member.Rewind(_test.Depth);
    }

    private void BeginRound()
    {
        _round++;
        foreach (Member member in _members)
            member.Append(RandomTokens(FirstTokens));
        _workAtStart = _meter.Total;
        _roundStart = _clock.GetTimestamp();
    }

    private void Report(int tokens)
    {
        _tokensDone += tokens;
        int all = _test.Batch * (_test.Depth + ((_rounds + 1) * _test.TokensPerSequence));
        _progress?.Invoke(_tokensDone, all);
    }

    private void End(Exception? fault)
    {
        _completion.TrySetException(fault ?? new InvalidOperationException("A sequence ended before its rounds."));
        if (Interlocked.Increment(ref _endedMembers) == _members.Length)
            _ended.TrySetResult();
    }

    private sealed class Member(BenchmarkGroup group) : ISequenceConsumer
    {
        private Sequence? _sequence;
        private int _computed;

        public bool HasRoom => true;

        public bool WantsLogits(int position, int known) => position >= group._test.Depth
            && (group._test.AllLogits || position == known - 1);

        public void TakeRow(int position, Span<float> logits)
        {
        }

        public bool Commit(Sequence sequence)
        {
            _sequence = sequence;
            group.Report(sequence.TokensComputed - _computed);
            _computed = sequence.TokensComputed;
            if (sequence.TokensComputed < sequence.Tokens.Count)
                return false;
            int positions = group._round < 0 ? group._test.Depth : group._test.Positions;
            if (sequence.Tokens.Count < positions)
                sequence.Tokens.Add(group._random.Next(group._vocabulary));
            else
                group.FinishRound();
            return false; // The group's sequences end together, by cancellation.
        }

        public void End(Sequence sequence, Exception? fault) => group.End(fault);

        /// <summary>Back to the tokens before the round; their keys and values are still in the cache.</summary>
        internal void Rewind(int depth)
        {
            Sequence sequence = _sequence!; // A round ends after each member's commit.
            sequence.Tokens.RemoveRange(depth, sequence.Tokens.Count - depth);
            sequence.TokensComputed = Math.Min(sequence.TokensComputed, depth); // Less after a preemption.
            _computed = sequence.TokensComputed;
        }

        internal void Append(int[] tokens) => _sequence!.Tokens.AddRange(tokens); // As above.
    }
}
