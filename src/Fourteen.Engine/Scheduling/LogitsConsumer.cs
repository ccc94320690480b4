using System.Threading.Channels;

namespace Fourteen.Engine.Scheduling;

/// <summary>Logits of one position: what the model says of the token after it.</summary>
public sealed record LogitsRow(int Position, float[] Logits);

/// <summary>Hands out rows of logits at chosen positions of a text that is given, and samples nothing.</summary>
internal sealed class LogitsConsumer : ISequenceConsumer
{
    private readonly bool[] _wanted;
    private readonly float[]?[] _rows;
    private readonly Channel<LogitsRow> _outbox;
    private int _sent;

    /// <param name="length">Tokens of the text.</param>
    /// <param name="positions">Positions wanted, each below <paramref name="length"/>.</param>
    internal LogitsConsumer(int length, IReadOnlyList<int> positions)
    {
        _wanted = new bool[length];
        foreach (int position in positions)
            _wanted[position] = true;
        _rows = new float[length][];
        _outbox = Channel.CreateBounded<LogitsRow>(2 * Models.Transformer.LogitRowsMax);
    }

    /// <summary>Rows in order of position.</summary>
    internal ChannelReader<LogitsRow> Rows => _outbox.Reader;

    public bool HasRoom => _outbox.Reader.Count <= Models.Transformer.LogitRowsMax;

    /// <summary>Rows that were sent are not computed again with a sequence that lost its blocks.</summary>
    public bool WantsLogits(int position, int known) => _wanted[position] && position >= _sent;

    public void TakeRow(int position, Span<float> logits) => _rows[position] = logits.ToArray();

    public bool Commit(Sequence sequence)
    {
        for (; _sent < sequence.TokensComputed; _sent++)
        {
            if (_rows[_sent] is not { } row)
                continue;
            _rows[_sent] = null;
            // There is room for a whole step's rows: the sequence would not have been scheduled otherwise.
            _outbox.Writer.TryWrite(new LogitsRow(_sent, row));
        }

        return sequence.TokensComputed == sequence.Tokens.Count;
    }

    public void End(Sequence sequence, Exception? fault) => _outbox.Writer.TryComplete(fault);
}
