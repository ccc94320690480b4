using System.Globalization;
using System.Text;

namespace Fourteen.Cli.Output;

/// <summary>
/// A thought while it comes: on a terminal one dimmed line with its newest words, folded to its length when the answer
/// begins; elsewhere the whole thought on standard error, since standard output belongs to the answer.
/// </summary>
internal sealed class ThoughtView(StandardStreams streams)
{
    private const string Dim = "\e[2m", Plain = "\e[0m", ClearLine = "\r\e[K";
    private const int Columns = 76;

    private readonly StringBuilder _text = new();
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

        streams.Error.Write($"{ClearLine}{Dim}{TerminalText.Tail(_text, Columns)}{Plain}");
    }

    /// <summary>Ends the thought, if one is open.</summary>
    public void Fold()
    {
        if (!_open)
            return;
        _open = false;
        if (streams.ErrorIsTerminal)
            streams.Error.WriteLine($"{ClearLine}{Dim}▸ thought, {Words()}{Plain}");
        else
            streams.Error.WriteLine();
    }

    private string Words()
    {
        int count = Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return count == 1 ? "1 word" : string.Create(CultureInfo.InvariantCulture, $"{count} words");
    }
}
