using Fourteen.Protocol.Embeddings;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// Makes a vector of a text's states. Sums are taken in order of position and in double precision, so that they do not
/// depend on how the text falls into steps.
/// </summary>
internal sealed class EmbeddingConsumer : ISequenceConsumer
{
    private readonly TaskCompletionSource<float[]> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly double[] _sum; // [hidden]
    private readonly bool _normalized;
    private readonly int _end;      // the position after the last that is wanted
    private int _next;              // the next position that is wanted

    /// <param name="length">Tokens of the text.</param>
    /// <param name="hidden">Length of a state.</param>
    /// <param name="normalized">Whether the vector is divided by its length.</param>
    internal EmbeddingConsumer(EmbeddingPooling pooling, int length, int hidden, bool normalized)
    {
        _sum = new double[hidden];
        _normalized = normalized;
        _next = pooling == EmbeddingPooling.Last ? length - 1 : 0;
        _end = pooling == EmbeddingPooling.Cls ? 1 : length;
        Count = _end - _next;
    }

    /// <summary>The vector, [hidden].</summary>
    internal Task<float[]> Completion => _completion.Task;

    public bool HasRoom => true;

    private int Count { get; }

    public bool WantsLogits(int position, int known) => false;

    public bool WantsState(int position) => position >= _next && position < _end;

    public void TakeRow(int position, Span<float> logits)
    {
    }

    public void TakeState(int position, ReadOnlySpan<float> state)
    {
        for (int i = 0; i < _sum.Length; i++)
            _sum[i] += state[i];
        _next = position + 1;
    }

    public bool Commit(Sequence sequence) => _next == _end;

    public void End(Sequence sequence, Exception? fault)
    {
        if (fault is OperationCanceledException)
            _completion.TrySetCanceled(sequence.Cancellation);
        else if (fault is not null)
            _completion.TrySetException(fault);
        else
            Complete();
    }

    private void Complete()
    {
        double squares = 0;
        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] /= Count;
            squares += _sum[i] * _sum[i];
        }

        if (!double.IsFinite(squares))
        {
            _completion.TrySetException(new RequestException(
                "embedding", "the model's states are no finite numbers; its weights are broken"));
            return;
        }

        double length = _normalized && squares > 0 ? Math.Sqrt(squares) : 1;
        _completion.TrySetResult(Array.ConvertAll(_sum, value => (float)(value / length)));
    }
}
