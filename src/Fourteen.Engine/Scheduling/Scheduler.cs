using Fourteen.Engine.KvCache;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// Decides what the next step of a model computes: a budget of tokens spent on the difference between known and
/// computed tokens of its running sequences, streams first. There are no phases: prompts, chunks of prompts, new tokens
/// and recomputation are the same thing. Decides from what it is told alone: it has no clock. Engine thread only.
/// </summary>
/// <remarks>
/// <para>Who waits is admitted by priority, then the tenant that was served least, then arrival, when there is a place
/// and there are blocks for all its known tokens. A higher priority takes the place of a lower one, which is computed
/// again later, mostly from its own cached blocks; so does anybody that of a sequence whose reader is slow.</para>
/// <para>Prompts share a step in the same order: of each priority's budget, one half is cut into equal parts, so that
/// a short prompt never waits for a long one, and the other half goes to the first, so that equal prompts do not all
/// end late.</para>
/// </remarks>
public sealed class Scheduler(BlockPool blocks, int sequencesMax, int stepTokens, StepCosts costs)
{
    private readonly List<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly TenantAccounts _tenants = new();
    private readonly PrefixSharing _sharing = new(blocks);
    private readonly List<Sequence> _chosen = []; // of Fill: streams, then prompts
    private readonly List<int> _counts = [];      // tokens of each of the chosen prompts
    private long _arrivals;
    private int _turn; // the first running sequence to serve when not all streams fit into a step

    /// <summary>Sequences that are in steps.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences that have no place yet, or lost it.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>How often a sequence lost its place.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Tokens of prompts that were looked for in the prefix cache, and those that were there.</summary>
    public (long Queried, long Hit) PrefixTokens { get; private set; }

    /// <summary>The sequence that <see cref="Fill"/> last tried to give room to: whose it is if it throws.</summary>
    public Sequence? Current { get; private set; }

    /// <summary>Whether somebody reads new tokens as they come, whom a long step would keep waiting.</summary>
    public bool HasStreams
    {
        get
        {
            foreach (Sequence sequence in _running)
            {
                if (sequence.IsStream && sequence.Pending > 0 && sequence.Consumer.HasRoom)
                    return true;
            }

            return false;
        }
    }

    public void Add(Sequence sequence)
    {
        sequence.Arrival = ++_arrivals;
        sequence.Account = _tenants.Enter(sequence.Options.Tenant);
        _waiting.Add(sequence);
    }

    /// <summary>Takes a sequence out and its blocks back.</summary>
    public void Remove(Sequence sequence)
    {
        if (!(sequence.IsRunning ? _running : _waiting).Remove(sequence))
            return;
        sequence.IsRunning = false;
        sequence.Account!.Active--; // Set since it was added.
        _sharing.Release(sequence);
    }

    /// <summary>Fills <paramref name="batch"/>; leaves it empty where no sequence can go on.</summary>
    /// <param name="time">What the step may take, or null where nobody waits for it to end.</param>
    /// <exception cref="OutOfMemoryException">There is no memory for a block of <see cref="Current"/>.</exception>
    public void Fill(Batch batch, TimeSpan? time)
    {
        batch.Clear();
        Admit();
        int logitRows = Transformer.LogitRowsMax;
        FillStreams(batch, ref logitRows);
        FillPrompts(batch, time, ref logitRows);
    }

    /// <summary>After a step: its tokens are computed, charged, and whole blocks can be found by others.</summary>
    public void Advance(Batch batch)
    {
        for (int i = 0; i < batch.Sequences.Count; i++)
        {
            Sequence sequence = batch.Sequences[i];
            sequence.TokensComputed += batch.Spans[i].Count;
            Charge(sequence);
            _sharing.Publish(sequence);
        }
    }

    private static void Charge(Sequence sequence)
    {
        int from = sequence.TokensCharged, to = sequence.TokensComputed;
        if (to <= from)
            return;
        int prompt = Math.Max(0, Math.Min(to, sequence.PromptLength) - from);
        sequence.Account!.Service += prompt + (TenantAccounts.GeneratedWeight * (to - from - prompt)); // As above.
        sequence.TokensCharged = to;
    }

    private void Admit()
    {
        while (FindNext() is { } next)
        {
            while (!TryStart(next))
            {
                if (FindWeakest(next) is not { } weakest)
                    return;
                Preempt(weakest);
            }
        }
    }

    /// <summary>
    /// Who of those that wait comes first; not one whose beginning somebody is computing: it comes when that is done.
    /// </summary>
    private Sequence? FindNext()
    {
        Sequence? next = null;
        foreach (Sequence sequence in _waiting)
        {
            if ((next is null || ByTurn(sequence, next) < 0) && sequence.Consumer.HasRoom
                && !PrefixSharing.IsBeingComputed(sequence, _running))
            {
                next = sequence;
            }
        }

        return next;
    }

    private static int ByTurn(Sequence a, Sequence b)
    {
        int order = a.Options.Priority.CompareTo(b.Options.Priority);
        if (order == 0)
            order = a.Account!.Service.CompareTo(b.Account!.Service); // Set since they were added.
        return order != 0 ? order : a.Arrival.CompareTo(b.Arrival);
    }

    /// <summary>
    /// Admits a sequence if there is a place, and there are blocks for its known tokens beside those that running ones
    /// still need. One that runs alone always fits: the cache holds a whole context.
    /// </summary>
    private bool TryStart(Sequence sequence)
    {
        if (_running.Count >= sequencesMax)
            return false;
        _sharing.Match(sequence);
        int wanted = BlocksOf(sequence.Tokens.Count + 1) - sequence.Blocks.Count;
        foreach (Sequence other in _running)
            wanted += Math.Max(0, BlocksOf(other.Tokens.Count) - other.Blocks.Count);
        if (_running.Count > 0 && wanted > blocks.Available)
        {
            _sharing.Release(sequence);
            return false;
        }

        _waiting.Remove(sequence);
        _running.Add(sequence);
        sequence.IsRunning = true;
        sequence.TokensCharged = Math.Max(sequence.TokensCharged, sequence.TokensComputed);
        if (sequence.CachedTokens is null)
        {
            sequence.CachedTokens = Math.Min(sequence.TokensComputed, sequence.PromptLength);
            if (sequence.CacheKey is not null)
            {
                (long queried, long hit) = PrefixTokens;
                PrefixTokens = (queried + sequence.PromptLength, hit + sequence.CachedTokens.Value);
            }
        }

        return true;
    }

    private static int BlocksOf(int tokens) => (tokens + KvStore.BlockTokens - 1) / KvStore.BlockTokens;

    /// <summary>Whom a sequence that waits may put out: one with a slow reader, or the last of a lower priority.
    /// </summary>
    private Sequence? FindWeakest(Sequence next)
    {
        Sequence? weakest = null;
        foreach (Sequence sequence in _running)
        {
            if (!sequence.Consumer.HasRoom)
                return sequence;
            if (sequence.Options.Priority > next.Options.Priority && (weakest is null || IsWeaker(sequence, weakest)))
                weakest = sequence;
        }

        return weakest;
    }

    private static bool IsWeaker(Sequence a, Sequence b) => a.Options.Priority != b.Options.Priority
        ? a.Options.Priority > b.Options.Priority
        : a.Arrival > b.Arrival;

    private void Preempt(Sequence sequence)
    {
        _sharing.Release(sequence);
        _running.Remove(sequence);
        _waiting.Add(sequence);
        sequence.IsRunning = false;
        Preemptions++;
    }

    /// <summary>
    /// Those that need their newest tokens come first, so that nobody's stream waits for another's prompt. Where they
    /// are more than a step takes, the next step begins with the first that was left out.
    /// </summary>
    private void FillStreams(Batch batch, ref int logitRows)
    {
        _chosen.Clear();
        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[(_turn + i) % _running.Count];
            if (sequence.Pending == 1 || (sequence.IsStream && sequence.Pending > 0))
                _chosen.Add(sequence);
        }

        _turn = 0;
        foreach (Sequence sequence in _chosen)
        {
            if (!sequence.IsRunning || !sequence.Consumer.HasRoom)
                continue;
            if (logitRows == 0 || batch.Tokens.Count >= stepTokens)
            {
                _turn = _running.IndexOf(sequence);
                return;
            }

            Schedule(sequence, sequence.Pending, batch, ref logitRows);
        }
    }

    private void FillPrompts(Batch batch, TimeSpan? time, ref int logitRows)
    {
        int budget = stepTokens - batch.Tokens.Count, depth = 0;
        _chosen.Clear();
        foreach (Sequence sequence in _running)
        {
            if (sequence.Pending <= 1 || sequence.IsStream || !sequence.Consumer.HasRoom)
                continue;
            _chosen.Add(sequence);
            depth = Math.Max(depth, sequence.TokensComputed);
        }

        if (_chosen.Count == 0)
            return;
        if (time is { } most)
            budget = Math.Min(budget, costs.PromptTokens(depth, most));
        _chosen.Sort(ByTurn);
        Divide(budget);
        for (int i = 0; i < _chosen.Count; i++)
        {
            if (_counts[i] > 0 && _chosen[i].IsRunning)
                Schedule(_chosen[i], _counts[i], batch, ref logitRows);
        }
    }

    /// <summary>Sets how many tokens each of the chosen prompts gets, one priority after the other.</summary>
    private void Divide(int budget)
    {
        _counts.Clear();
        for (int first = 0, end; first < _chosen.Count; first = end)
        {
            int priority = _chosen[first].Options.Priority;
            for (end = first + 1; end < _chosen.Count && _chosen[end].Options.Priority == priority; end++)
            {
            }

            int share = Math.Max(1, budget / 2 / (end - first));
            for (int i = first; i < end; i++)
            {
                _counts.Add(Math.Min(Math.Min(share, budget), ChunkOf(_chosen[i])));
                budget -= _counts[i];
            }

            for (int i = first; i < end; i++)
            {
                int more = Math.Min(budget, ChunkOf(_chosen[i]) - _counts[i]);
                _counts[i] += more;
                budget -= more;
            }
        }
    }

    private static int ChunkOf(Sequence sequence) => Math.Min(sequence.Pending, sequence.ChunkMax);

    private void Schedule(Sequence sequence, int count, Batch batch, ref int logitRows)
    {
        Current = sequence;
        count = Math.Min(Math.Min(count, sequence.ChunkMax), stepTokens - batch.Tokens.Count);
        MakeRoom(sequence, sequence.TokensComputed + count, batch);
        count = Math.Min(count, (sequence.Blocks.Count * KvStore.BlockTokens) - sequence.TokensComputed);
        count = UpToLogitRows(sequence, count, ref logitRows);
        if (count > 0)
            batch.Add(sequence, count);
    }

    /// <summary>Cuts a chunk where the step's rows of logits run out, and takes the rows it uses.</summary>
    private static int UpToLogitRows(Sequence sequence, int count, ref int logitRows)
    {
        for (int i = 0; i < count; i++)
        {
            if (!sequence.WantsLogits(sequence.TokensComputed + i))
                continue;
            if (logitRows == 0)
                return i;
            logitRows--;
        }

        return count;
    }

    /// <summary>
    /// Gives a sequence blocks up to a length, or as many as there are; where none are left, another that is not in the
    /// batch loses its own and is computed again later: one that waits for its reader, so that no reader keeps others
    /// waiting, else the youngest of the lowest priority, if that is weaker.
    /// </summary>
    private void MakeRoom(Sequence sequence, int length, Batch batch)
    {
        while (sequence.Blocks.Count * KvStore.BlockTokens < length)
        {
            if (blocks.TryTake(out int block))
                sequence.Blocks.Add(block);
            else if (FindVictim(sequence, batch) is { } victim)
                Preempt(victim);
            else
                return;
        }
    }

    private Sequence? FindVictim(Sequence sequence, Batch batch)
    {
        Sequence? weakest = null;
        foreach (Sequence other in _running)
        {
            if (other == sequence || other.Blocks.Count == 0 || batch.Sequences.Contains(other))
                continue;
            if (!other.Consumer.HasRoom)
                return other;
            if (IsWeaker(other, weakest ?? sequence))
                weakest = other;
        }

        return weakest;
    }
}
