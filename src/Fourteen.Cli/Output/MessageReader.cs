#pragma warning disable RS0030 // A conversation at a terminal needs its keys, not only its lines.
using System.Text;

namespace Fourteen.Cli.Output;

/// <summary>
/// Reads what a user says: a line, several lines between <c>"""</c>, or several lines that were pasted at once. Ctrl-C
/// while an answer comes stops the answer; at the prompt it only says how to leave.
/// </summary>
internal sealed class MessageReader : IDisposable
{
    private const string Fence = "\"\"\"";
    private const string Prompt = "> ";

    /// <summary>Lines that arrive within this time of each other were pasted, not typed.</summary>
    private static readonly TimeSpan PasteGap = TimeSpan.FromMilliseconds(30);

    private readonly StandardStreams _streams;
    private readonly StreamReader? _piped;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _answer;

    public MessageReader(StandardStreams streams)
    {
        _streams = streams;
        if (streams.Interrupts is { } interrupts)
            interrupts.Handler = OnPress;
        if (!streams.InputIsTerminal)
            _piped = new StreamReader(streams.Input, Encoding.UTF8, leaveOpen: true);
    }

    /// <summary>The next message without blanks around it, or null at the end of the input.</summary>
    public async Task<string?> ReadAsync(CancellationToken cancellation)
    {
        if (_streams.InputIsTerminal)
            await _streams.Error.WriteAsync(Prompt);
        string? line = await ReadLineAsync(cancellation);
        if (line is null)
        {
            if (_streams.InputIsTerminal)
                await _streams.Error.WriteLineAsync(); // Ctrl-D leaves the cursor behind the prompt.
            return null;
        }

        if (line.TrimStart().StartsWith(Fence, StringComparison.Ordinal))
            return await ReadFencedAsync(line.TrimStart()[Fence.Length..], cancellation);
        var text = new StringBuilder(line);
        while (_streams.InputIsTerminal && await MoreWasPastedAsync(cancellation))
            text.Append('\n').Append(await ReadLineAsync(cancellation));
        return text.ToString().Trim();
    }

    /// <summary>From here to <see cref="EndAnswer"/>, Ctrl-C cancels the source that is returned.</summary>
    public CancellationTokenSource BeginAnswer(CancellationToken cancellation)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        lock (_gate)
            _answer = source;
        return source;
    }

    public void EndAnswer()
    {
        lock (_gate)
            _answer = null;
    }

    public void Dispose()
    {
        if (_streams.Interrupts is { } interrupts)
            interrupts.Handler = null;
        _piped?.Dispose();
    }

    private async Task<string?> ReadFencedAsync(string first, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        for (string? line = first; line is not null; line = await ReadLineAsync(cancellation))
        {
            int end = line.IndexOf(Fence, StringComparison.Ordinal);
            text.Append(end < 0 ? line : line[..end]).Append('\n');
            if (end >= 0)
                break;
        }

        return text.ToString().Trim();
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellation) => _piped is null
        ? Console.ReadLine()
        : await _piped.ReadLineAsync(cancellation);

    private static async Task<bool> MoreWasPastedAsync(CancellationToken cancellation)
    {
        if (Console.KeyAvailable)
            return true;
        await Task.Delay(PasteGap, cancellation);
        return Console.KeyAvailable;
    }

    private void OnPress()
    {
        lock (_gate)
        {
            if (_answer is not null)
                _answer.Cancel();
            else
                _streams.Error.Write($"\n(/exit or Ctrl-D leaves)\n{Prompt}");
        }
    }
}
