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
    private readonly List<ModelRuntime> _models = [];
    private readonly Batch _batch = new();
    private readonly TakeRowsJob _takeRows = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    internal EngineLoop(int threads)
    {
        Pool = new WorkerPool(threads);
        _thread = new Thread(Run) { IsBackground = true, Name = "fourteen engine" };
        _thread.Start();
    }

    /// <summary>The workers; only commands and steps, which run on the engine thread, may use them.</summary>
    internal WorkerPool Pool { get; }

    /// <summary>Hands a sequence to its model; it ends at once where the model was unloaded meanwhile.</summary>
    internal void Submit(ModelRuntime model, Sequence sequence) => Post(() =>
    {
        if (_models.Contains(model))
            model.Scheduler.Add(sequence);
        else
            sequence.Consumer.End(sequence, new OperationCanceledException("The model was unloaded."));
    });

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
    internal void Add(ModelRuntime model) => _models.Add(model);

    /// <summary>Engine thread only: ends the model's sequences and frees it.</summary>
    internal void Remove(ModelRuntime model)
    {
        foreach (Sequence sequence in model.Scheduler.Sequences.ToArray())
            Finish(model, sequence, new OperationCanceledException("The model was unloaded."));
        _models.Remove(model);
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
            throw new RequestException("queue", "the engine's queue is full; try again later");
        }

        _signal.Release();
    }

    private void Run()
    {
        while (!_stopping)
        {
            RunCommands();
            bool worked = false, waiting = false;
            foreach (ModelRuntime model in _models)
            {
                worked |= Step(model);
                waiting |= model.Scheduler.Sequences.Count > 0;
            }

            if (!worked)
                _signal.Wait(waiting ? ParkedWait : Timeout.InfiniteTimeSpan);
        }

        RunCommands(); // Who waits for one is told that the engine has ended.
        foreach (ModelRuntime model in _models.ToArray())
            Remove(model);
    }

    private void RunCommands()
    {
        while (_inbox.Reader.TryRead(out Action? command))
            command();
    }

    /// <summary>One step of one model; false where there was nothing to compute.</summary>
    private bool Step(ModelRuntime model)
    {
        DropCancelled(model);
        if (!TryFill(model))
            return true;
        if (_batch.Tokens.Count == 0)
            return false;
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

        for (int i = 0; i < _batch.Sequences.Count; i++)
        {
            Sequence sequence = _batch.Sequences[i];
            sequence.TokensComputed += _batch.Spans[i].Count;
            Commit(model, sequence, _takeRows.FaultOf(i));
        }

        return true;
    }

    /// <summary>Fills the batch; where there is no memory for a sequence's keys and values, that one ends.</summary>
    private bool TryFill(ModelRuntime model)
    {
        try
        {
            model.Scheduler.Fill(_batch);
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

    private static void Commit(ModelRuntime model, Sequence sequence, Exception? fault)
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
            Finish(model, sequence, fault);
    }

    private static void DropCancelled(ModelRuntime model)
    {
        for (int i = model.Scheduler.Sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = model.Scheduler.Sequences[i];
            if (sequence.Cancellation.IsCancellationRequested)
                Finish(model, sequence, new OperationCanceledException(sequence.Cancellation));
        }
    }

    private static void Finish(ModelRuntime model, Sequence sequence, Exception? fault)
    {
        model.Scheduler.Remove(sequence);
        sequence.Consumer.End(sequence, fault);
    }

    /// <summary>Hands rows of logits to their sequences, one row a worker at a time; sampling happens here.</summary>
    private sealed class TakeRowsJob : WorkerJob
    {
        private Batch _batch = new();
        private FloatMatrix? _logits;
        private Exception?[] _faults = [];

        internal void Prepare(Batch batch, FloatMatrix logits)
        {
            _batch = batch;
            _logits = logits;
            if (_faults.Length < batch.Spans.Count)
                _faults = new Exception?[batch.Spans.Count * 2];
            Array.Clear(_faults);
        }

        /// <summary>What a sequence's sampler objected to, if it did: it ends that sequence alone.</summary>
        internal Exception? FaultOf(int span) => _faults[span];

        public override void Execute(int start, int end, int worker)
        {
            for (int i = start; i < end; i++)
            {
                int span = _batch.LogitSpans[i];
                int position = _batch.Spans[span].FirstPosition + _batch.LogitRows[i] - _batch.Spans[span].FirstRow;
                try
                {
                    _batch.Sequences[span].Consumer.TakeRow(position, _logits!.Row(i)); // Prepared before each run.
                }
                catch (InvalidOperationException fault)
                {
                    _faults[span] = fault;
                }
            }
        }
    }
}
