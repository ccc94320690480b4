namespace Fourteen.Engine.Answers;

/// <summary>
/// Removes newlines at the beginning of a text that comes in pieces and, where asked, at its end: those are counted and
/// held back until other text follows. Newlines are what templates put around thoughts; blanks are the model's.
/// </summary>
internal struct NewlineTrimmer(bool trimsStart, bool trimsEnd)
{
    private bool _isAtStart = trimsStart;
    private int _heldNewlines;

    internal string Append(string piece)
    {
        if (_isAtStart)
        {
            piece = piece.TrimStart('\n');
            _isAtStart = piece.Length == 0;
        }

        if (!trimsEnd)
            return piece;
        string body = piece.TrimEnd('\n');
        int trailing = piece.Length - body.Length;
        if (body.Length == 0)
        {
            _heldNewlines += trailing;
            return "";
        }

        string shown = _heldNewlines == 0 ? body : new string('\n', _heldNewlines) + body;
        _heldNewlines = trailing;
        return shown;
    }
}
