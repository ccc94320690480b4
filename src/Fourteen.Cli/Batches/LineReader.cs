namespace Fourteen.Cli.Batches;

/// <summary>
/// Cuts a stream into lines at line feeds and hands each out as soon as it is whole, so that a program on the other end
/// of a pipe can wait for an answer to each line.
/// </summary>
internal sealed class LineReader(Stream stream, string name)
{
    /// <summary>Limit of a line: longer ones are no rows but a file of another kind, read into memory for nothing.
    /// </summary>
    private const int LineBytesMax = 256 << 20;

    private byte[] _buffer = new byte[64 << 10];
    private int _start; // first byte that was not handed out
    private int _end; // end of what was read
    private bool _streamEnded;

    /// <summary>Lines handed out, empty ones too; the number of the current line, counted from 1.</summary>
    public int LineNumber { get; private set; }

    /// <summary>Bytes handed out, with their line feeds.</summary>
    public long BytesDone { get; private set; }

    /// <summary>The next line without its end, valid until the next call; null after the last one.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        int searched = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
                return HandOut(searched + length, terminatorBytes: 1);
            searched = _end - _start;
            if (_streamEnded)
                // Not ?: with a bare null, which would become an empty memory.
                return searched == 0 ? (ReadOnlyMemory<byte>?)null : HandOut(searched, terminatorBytes: 0);
            MakeRoom();
            // A console's read ends with its input alone, so the wait is what Ctrl-C ends.
            Task<int> reading = stream.ReadAsync(_buffer.AsMemory(_end), cancellation).AsTask();
            int read = await reading.WaitAsync(cancellation);
            _end += read;
            _streamEnded = read == 0;
        }
    }

    private ReadOnlyMemory<byte> HandOut(int length, int terminatorBytes)
    {
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
        _start += length + terminatorBytes;
        BytesDone += length + terminatorBytes;
        LineNumber++;
        ReadOnlySpan<byte> byteOrderMark = [0xef, 0xbb, 0xbf];
        return LineNumber == 1 && line.Span.StartsWith(byteOrderMark) ? line[byteOrderMark.Length..] : line;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end < _buffer.Length)
            return;
        if (_buffer.Length >= LineBytesMax)
            throw new IOException($"{name}: row {LineNumber + 1} has more than {LineBytesMax} bytes");
        Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
