using System.Threading.Channels;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// The engine thread: it alone touches weights, cache blocks, scratch and sequences of all loaded models, which take
/// turns by step. Others send it commands over one bounded channel and read what sequences send over theirs.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    /// <summary>Commands that may wait: each is one request, and a full queue is answered as such.</summary>
    private const int InboxCapacity = 1024;

    /// <summary>How long the thread sleeps while every sequence waits for its reader.</summary>
    private static readonly TimeSpan ParkedWait = TimeSpan.FromMilliseconds(2);

    private readonly Channel<Action> _inbox = Channel.CreateBounded<Action>(
        new BoundedChannelOptions(InboxCapacity) { SingleReader = true });

    private readonly SemaphoreSlim _signal = new(0);
    private readonly TimeSpan _roundTime;
    private readonly TimeSpan _quietTime;
    private readonly TimeSpan _readerDeadline;
    private readonly TimeProvider _clock;
    private readonly Batch _batch = new();
    private readonly TakeRowsJob _takeRows = new();
    private readonly List<(Sequence Sequence, Exception? Fault)> _ends = []; // of the step, with what went wrong
    private readonly Thread _thread;
    private volatile ModelRuntime[] _models = []; // replaced as a whole, so that others may read it
    private volatile bool _stopping;

    internal EngineLoop(EngineOptions options, TimeProvider clock)
    {
        _roundTime = TimeSpan.FromMilliseconds(options.MaxInterTokenMs);
        _quietTime = TimeSpan.FromMilliseconds(options.MaxQuietStepMs);
        _readerDeadline = options.ReaderDeadline;
        _clock = clock;
        Pool = new WorkerPool(options.Threads);
        _thread = new Thread(Run) { IsBackground = true, Name = "fourteen engine" };
        _thread.Start();
    }

    /// <summary>The workers; only commands and steps, which run on the engine thread, may use them.</summary>
    internal WorkerPool Pool { get; }

    /// <summary>The models that are loaded.</summary>
    internal IReadOnlyList<ModelRuntime> Models => _models;

    /// <summary>Hands a sequence to its model; it ends at once where the model was unloaded meanwhile.</summary>
    /// <exception cref="RequestException">Too many wait.</exception>
    internal void Submit(ModelRuntime model, Sequence sequence)
    {
        model.Gate.Enter();
        try
        {
            Post(() =>
            {
                if (_models.Contains(model))
                    model.Scheduler.Add(sequence);
                else
                    End(model, sequence, new OperationCanceledException("The model was unloaded."));
            });
        }
        catch (Exception e) when (e is RequestException or ObjectDisposedException)
        {
            model.Gate.Leave();
            throw;
        }
    }

    /// <summary>Runs <paramref name="command"/> on the engine thread; what it throws is thrown to who awaits.</summary>
    internal Task RunAsync(Action command, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                cancellation.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(_stopping, this);
                command();
                done.SetResult();
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        });
        return done.Task;
    }

    /// <summary>Engine thread only.</summary>
    internal void Add(ModelRuntime model) => _models = [.. _models, model];

    /// <summary>Engine thread only: ends the model's sequences and frees it.</summary>
    internal void Remove(ModelRuntime model)
    {
        Scheduler scheduler = model.Scheduler;
        foreach (Sequence sequence in (Sequence[])[.. scheduler.Running, .. scheduler.Waiting])
            Finish(model, sequence, new OperationCanceledException("The model was unloaded."));
        _models = Array.FindAll(_models, other => other != model);
        model.Dispose();
    }

    public void Dispose()
    {
        // First no command can come any more, then the thread looks for the last ones.
        if (!_inbox.Writer.TryComplete())
            return;
        _stopping = true;
        _signal.Release();
        _thread.Join();
        Pool.Dispose();
        _signal.Dispose();
    }

    /// <summary>
    /// Runs <paramref name="command"/>, which throws nothing, on the engine thread; <see cref="RequestException"/>
    /// where too many wait, and <see cref="ObjectDisposedException"/> where the engine has ended.
    /// </summary>
    private void Post(Action command)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (!_inbox.Writer.TryWrite(command))
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            throw new RequestException(
                "queue", "too many commands wait for the engine; try again later", FailureKind.QueueFull)
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        _signal.Release();
    }

    private void Run()
    {
        while (!_stopping)
        {
            RunCommands();
            TimeSpan time = StepTime();
            bool worked = false, waiting = false;
            foreach (ModelRuntime model in _models)
            {
                worked |= Step(model, time);
                model.Note();
                waiting |= model.HasSequences;
            }

            if (!worked)
                _signal.Wait(waiting ? ParkedWait : Timeout.InfiniteTimeSpan);
        }

        RunCommands(); // Who waits for one is told that the engine has ended.
        foreach (ModelRuntime model in _models)
            Remove(model);
    }

    /// <summary>
    /// What a step of each model may take so that no stream, or where there is none nobody who comes, waits too long
    /// for a round of all models.
    /// </summary>
    private TimeSpan StepTime()
    {
        int active = 0;
        bool streams = false;
        foreach (ModelRuntime model in _models)
        {
            active += model.HasSequences ? 1 : 0;
            streams |= model.Scheduler.HasStreams;
        }

        return (streams ? _roundTime : _quietTime) / Math.Max(1, active);
    }

    private void RunCommands()
    {
        while (_inbox.Reader.TryRead(out Action? command))
            command();
    }

    /// <summary>One step of one model; false where there was nothing to compute.</summary>
    private bool Step(ModelRuntime model, TimeSpan time)
    {
        EndLeavers(model);
        if (!TryFill(model, time))
            return true;
        if (_batch.Tokens.Count == 0)
            return false;
        long started = _clock.GetTimestamp();
        try
        {
            FloatMatrix logits = model.Transformer.Forward(_batch);
            _takeRows.Prepare(_batch, logits);
            Pool.Run(_takeRows, _batch.LogitRows.Count, 1);
        }
        catch (Exception fault)
        {
            // What failed may have left any sequence of the batch half computed: all of them end, others go on.
            foreach (Sequence sequence in _batch.Sequences)
                Finish(model, sequence, fault);
            return true;
        }

        model.Scheduler.Advance(_batch);
        TakeStates(model.Transformer.States);
        int generated = 0;
        for (int i = 0; i < _batch.Sequences.Count; i++)
        {
            Sequence sequence = _batch.Sequences[i];
            int known = sequence.Tokens.Count;
            sequence.FirstScheduled ??= started;
            Commit(sequence, _takeRows.FaultOf(i));
            generated += Math.Max(0, sequence.Tokens.Count - known);
        }

        // Who waits for an end finds all counted.
        model.AddStep(_batch, generated, _clock.GetElapsedTime(started));
        foreach ((Sequence sequence, Exception? fault) in _ends)
            Finish(model, sequence, fault);
        _ends.Clear();
        return true;
    }

    /// <summary>Fills the batch; where there is no memory for a sequence's keys and values, that one ends.</summary>
    private bool TryFill(ModelRuntime model, TimeSpan time)
    {
        try
        {
            model.Scheduler.Fill(_batch, time);
            return true;
        }
        catch (OutOfMemoryException)
        {
            var refusal = new RequestException(
                "context", "there is no memory for more keys and values; try a shorter context or fewer requests");
            Finish(model, model.Scheduler.Current!, refusal); // Fill throws only while it works for a sequence.
            return false;
        }
    }

    private void TakeStates(FloatMatrix states)
    {
        for (int i = 0; i < _batch.StateRows.Count; i++)
        {
            int span = _batch.StateSpans[i];
            _batch.Sequences[span].Consumer.TakeState(
                _batch.PositionOf(span, _batch.StateRows[i]), states.Row(i));
        }
    }

    private void Commit(Sequence sequence, Exception? fault)
    {
        bool done = false;
        try
        {
            done = fault is null && sequence.Consumer.Commit(sequence);
        }
        catch (Exception e)
        {
            // A fault of ours in one answer must end neither the process nor the other answers.
            fault = e;
        }

        if (done || fault is not null)
            _ends.Add((sequence, fault));
    }

    /// <summary>Ends the sequences that were cancelled, and those whose reader has left no room for too long.</summary>
    private void EndLeavers(ModelRuntime model)
    {
        EndLeavers(model, model.Scheduler.Running);
        EndLeavers(model, model.Scheduler.Waiting);
    }

    private void EndLeavers(ModelRuntime model, IReadOnlyList<Sequence> sequences)
    {
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = sequences[i];
            if (sequence.Cancellation.IsCancellationRequested)
                Finish(model, sequence, new OperationCanceledException(sequence.Cancellation));
            else if (sequence.Consumer.HasRoom)
                sequence.ParkedSince = null;
            else if (sequence.ParkedSince is not { } since)
                sequence.ParkedSince = _clock.GetTimestamp();
            else if (_clock.GetElapsedTime(since) > _readerDeadline)
                Finish(model, sequence, TooSlow());
        }
    }

    private RequestException TooSlow() => new(
        "reader",
        $"the answer was not read for {_readerDeadline.TotalSeconds:0.###} s, so it was ended; read it as it comes",
        FailureKind.Timeout);

    private static void Finish(ModelRuntime model, Sequence sequence, Exception? fault)
    {
        model.Scheduler.Remove(sequence);
        End(model, sequence, fault);
    }

    /// <summary>All is counted and free before who waits for the end can see it.</summary>
    private static void End(ModelRuntime model, Sequence sequence, Exception? fault)
    {
        model.Gate.NoteEnd();
        model.Gate.Leave();
        model.Counters.AddEnd(fault);
        model.Note();
        sequence.Consumer.End(sequence, fault);
    }
}
