using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Scheduling;

/// <summary>Hands rows of logits to their sequences, one row a worker at a time; sampling happens here.</summary>
internal sealed class TakeRowsJob : WorkerJob
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
            int position = _batch.PositionOf(span, _batch.LogitRows[i]);
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
