using System.Text;

namespace Fourteen.Engine.Answers;

/// <summary>
/// Leaves out white space that only separates calls of tools from text: what stands before a call, and what stands
/// behind one at the end of an answer or before its first text. White space between text and text stays, though calls
/// stand between, so that the text joined has its words apart.
/// </summary>
internal sealed class CallSpacing
{
    /// <summary>Most white space that only separates; a longer run is text. Templates write a newline or two.</summary>
    private const int SpaceMax = 1024;

    private readonly StringBuilder _space = new(); // At the end of what has come, not shown yet.
    private bool _isLong; // Whether the space at the end is too long to separate, and shown.
    private bool _anyText;
    private bool _callIsLast;

    internal string Append(string piece)
    {
        int lead = piece.Length - piece.AsSpan().TrimStart(" \n\t\r").Length;
        if (lead == piece.Length)
            return Hold(piece);
        int end = piece.AsSpan().TrimEnd(" \n\t\r").Length;
        bool isWhole = _space.Length == 0 && end == piece.Length && (lead == 0 || _anyText || !_callIsLast);
        string text = isWhole ? piece : LeadingSpace(piece[..lead]) + piece[lead..end];
        _space.Clear();
        (_isLong, _anyText, _callIsLast) = (false, true, false);
        return isWhole ? text : text + Hold(piece[end..]);
    }

    /// <summary>A call begins.</summary>
    internal void Call()
    {
        _space.Clear();
        (_isLong, _callIsLast) = (false, true);
    }

    /// <summary>The text ends by itself; the space that is not shown and is text.</summary>
    internal string End() => _callIsLast ? "" : _space.ToString();

    /// <summary>The space in front of text, with the last of it, as far as it is shown now.</summary>
    private string LeadingSpace(string last)
    {
        string space = Hold(last);
        return _anyText || !_callIsLast ? space + _space : space;
    }

    private string Hold(string space)
    {
        if (_isLong)
            return space;
        _space.Append(space);
        if (_space.Length <= SpaceMax)
            return "";
        string text = _space.ToString();
        _space.Clear();
        (_isLong, _anyText, _callIsLast) = (true, true, false);
        return text;
    }
}
