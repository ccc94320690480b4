using System.Text;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Output;

/// <summary>
/// An answer while it comes: the thought to standard error, the answer to standard output, each piece at once. Also an
/// answer that is broken off ends its line.
/// </summary>
internal sealed class AnswerView(StandardStreams streams) : IDisposable
{
    private readonly ThoughtView _thought = new(streams);
    private readonly ProgressLine _prompt = new(streams, "reading the prompt");
    private readonly StringBuilder _answer = new();
    private bool _begun;

    /// <summary>The answer so far.</summary>
    public string Answer => _answer.ToString();

    /// <summary>The thought so far.</summary>
    public string Thought => _thought.Text;

    /// <summary>Why the answer ended; null while it goes on.</summary>
    public FinishReason? Reason { get; private set; }

    /// <summary>What the answer took; null until it is complete.</summary>
    public Usage? Usage { get; private set; }

    public async Task ShowAsync(ChatEvent item)
    {
        if (item is Started)
            return;
        if (item is PromptProgress progress)
        {
            _prompt.Report(progress.Computed, progress.Total);
            return;
        }

        _prompt.Dispose(); // The bar makes room for what comes now.
        _begun |= item is not ThoughtDelta;
        switch (item)
        {
            case Finished finished:
                Reason = finished.Reason;
                break;
            case Completed completed:
                Usage = completed.Usage;
                break;
            case ThoughtDelta delta:
                _thought.Append(delta.Text);
                break;
            case TextDelta delta:
                _thought.Fold();
                _answer.Append(delta.Text);
                await streams.Output.WriteAsync(
                    streams.OutputIsTerminal ? TerminalText.WithoutControls(delta.Text) : delta.Text);
                // Not cancelled: what has been drawn is shown.
                await streams.Output.FlushAsync(CancellationToken.None);
                break;
        }
    }

    /// <summary>Ends the thought and the answer's line, where there are any.</summary>
    public void Dispose()
    {
        _prompt.Dispose();
        _thought.Fold();
        if (!_begun)
            return;
        streams.Output.WriteLine();
        streams.Output.Flush();
    }
}
