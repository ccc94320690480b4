namespace Fourteen.Cli.Output;

/// <summary>
/// A thought while it comes: on a terminal one dimmed line with its newest words, folded to its length when the answer
/// begins; elsewhere the whole thought on standard error, since standard output belongs to the answer.
/// </summary>
internal sealed class ThoughtView(StandardStreams streams) : IDisposable
{
    private const string Dim = "\e[2m", Plain = "\e[0m", ClearLine = "\r\e[K";
    private const int Columns = 76;

    private readonly System.Text.StringBuilder _text = new();
    private bool _open;

    /// <summary>The thought so far, also after it was folded.</summary>
    public string Text => _text.ToString();

    public void Append(string delta)
    {
        _open = true;
        _text.Append(delta);
        if (!streams.ErrorIsTerminal)
        {
            streams.Error.Write(delta);
            return;
        }

        string line = _text.ToString(Math.Max(0, _text.Length - Columns), Math.Min(Columns, _text.Length));
        streams.Error.Write($"{ClearLine}{Dim}{line.ReplaceLineEndings(" ")}{Plain}");
    }

    /// <summary>Ends the thought, if one is open.</summary>
    public void Fold()
    {
        if (!_open)
            return;
        _open = false;
        if (streams.ErrorIsTerminal)
            streams.Error.WriteLine($"{ClearLine}{Dim}▸ thought, {CountWords(_text.ToString())} words{Plain}");
        else
            streams.Error.WriteLine();
    }

    /// <summary>Leaves no half-drawn line behind.</summary>
    public void Dispose() => Fold();

    private static int CountWords(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}
