using System.Text;

namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// Finds calls of tools in the text of an answer and gives text and calls in their order. It reads character by
/// character, so the pieces joined are the same however the text was cut. What begins as a call and is none comes out
/// as text, whole; nothing throws. One owner.
/// </summary>
/// <remarks>
/// The base holds what the formats share: text, and what is held because it is a call or may become one. A format says
/// where a call begins and what stands between calls.
/// </remarks>
internal abstract class ToolCallParser
{
    /// <summary>
    /// Most UTF-16 units of a call, which are kept in case it breaks: a context of 131,072 tokens holds no more, at
    /// eight characters a token.
    /// </summary>
    internal const int CallMax = 1 << 20;

    /// <summary>Most white space between marker and call, or behind a call; templates write one newline.</summary>
    protected const int SpaceMax = 1024;

    /// <summary>Warnings that are kept: one tells what is wrong with a model, more only repeat it.</summary>
    private const int WarningsMax = 8;

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _held = new();
    private readonly CallScanner _call = new();
    private readonly List<AnswerDelta> _pieces = [];
    private readonly List<string> _warnings = [];
    private int _matched; // Characters of a marker at the end of what is held.
    private int _callIndex = -1;
    private bool _isMarked; // Whether a whole marker is held, so that a call must follow.
    private bool _isScanning; // Whether a call's JSON is being read.
    private bool _isShown; // Whether the open call's name was given.

    /// <summary>Whether the text stands inside a call: it has certainly begun, and its JSON is not complete.</summary>
    internal bool IsCallOpen => _isMarked || _isShown;

    /// <summary>What was written of the open call, from its marker on.</summary>
    internal string OpenCall => IsCallOpen ? _held.ToString() : "";

    /// <summary>Calls that turned out to be none or were cut off, as sentences.</summary>
    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What begins a call where <see cref="IsInText"/>; its first character does not occur in it again.
    /// </summary>
    protected abstract string Marker { get; }

    /// <summary>Whether the place is text, in which a call begins with the marker alone.</summary>
    protected abstract bool IsInText { get; }

    protected int HeldLength => _held.Length;

    /// <summary>Takes the next piece of text.</summary>
    /// <returns>
    /// What is certain now, text as <see cref="AnswerPart.Answer"/>; the list is valid until the next call.
    /// </returns>
    internal List<AnswerDelta> Append(string text)
    {
        _pieces.Clear();
        if (IsInText && _matched == 0 && !text.Contains(Marker[0], StringComparison.Ordinal))
        {
            if (text.Length > 0)
                _pieces.Add(new AnswerDelta(AnswerPart.Answer, text)); // Most text ends here, without a copy.
            return _pieces;
        }

        foreach (char c in text)
            Feed(c);
        ShowCall();
        ShowText();
        return _pieces;
    }

    /// <summary>The text ends here; the parser then takes a new one.</summary>
    /// <param name="isCut">
    /// Whether a limit cut the text off. What might have become a call is then left out, so that the pieces are a
    /// beginning of what they would have been; otherwise it is text.
    /// </param>
    internal List<AnswerDelta> End(bool isCut)
    {
        _pieces.Clear();
        if (isCut)
            DropHeld();
        else
            ReleaseHeld();
        ShowText();
        Restart();
        return _pieces;
    }

    /// <summary>Takes the next character.</summary>
    protected abstract void Feed(char c);

    /// <summary>Goes on in text.</summary>
    protected abstract void EnterText();

    /// <summary>Begins a new text.</summary>
    protected abstract void Restart();

    /// <summary>Whether what is known of a call allows it to be one.</summary>
    protected virtual bool Accepts(CallScanner call, bool isMarked) => true;

    protected static bool IsSpace(char c) => c is ' ' or '\n' or '\t' or '\r';

    /// <summary>Takes a character of text; true where it completes the marker, which is then held.</summary>
    protected bool FeedText(char c)
    {
        if (_matched > 0 && c != Marker[_matched])
            ReleaseHeld();
        if (c != Marker[_matched])
        {
            _text.Append(c);
            return false;
        }

        if (!FeedMarker(c, Marker))
            return false;
        _isMarked = true;
        return true;
    }

    /// <summary>Whether the beginning of a marker is held.</summary>
    protected bool HoldsMarker => _matched > 0;

    /// <summary>Whether the character goes on a marker that is being held.</summary>
    protected bool ContinuesMarker(char c, string marker) => c == marker[_matched];

    /// <summary>Holds the next character of a marker; true where it is the last.</summary>
    protected bool FeedMarker(char c, string marker)
    {
        _held.Append(c);
        _matched = (_matched + 1) % marker.Length;
        return _matched == 0;
    }

    /// <summary>Keeps a character that leads to a call or follows one.</summary>
    protected void Hold(char c) => _held.Append(c);

    /// <summary>The JSON of a call begins: its characters go to <see cref="FeedCall"/>.</summary>
    protected void BeginCall()
    {
        _isScanning = true;
        _call.Reset();
    }

    /// <summary>The JSON of the named call's arguments begins.</summary>
    protected void BeginArguments(string name)
    {
        _isScanning = true;
        _call.ResetToArguments(name);
    }

    /// <summary>Takes a character of a call's JSON; true where it completed the call.</summary>
    protected bool FeedCall(char c)
    {
        CallState state = _held.Length < CallMax ? _call.Feed(c) : CallState.Broken;
        if (state == CallState.Broken || !Accepts(_call, _isMarked))
        {
            Fail(c);
            return false;
        }

        _held.Append(c);
        if (state == CallState.Open)
            return false;
        ShowCall();
        _pieces.Add(new AnswerDelta(AnswerPart.CallEnd, "", _callIndex));
        Forget();
        return true;
    }

    /// <summary>What is held is no call: it becomes text, and the character comes after it.</summary>
    protected void Fail(char c)
    {
        ReleaseHeld();
        EnterText();
        Feed(c);
    }

    /// <summary>What is held stood between calls and is no text.</summary>
    protected void Forget()
    {
        _held.Clear();
        _matched = 0;
        (_isMarked, _isScanning, _isShown) = (false, false, false);
    }

    /// <summary>What is held behind a call does not belong to it: it is read again as text.</summary>
    protected void ReadAgain(char c)
    {
        string held = _held.ToString();
        Forget();
        EnterText();
        foreach (char again in held)
            Feed(again);
        Feed(c);
    }

    /// <summary>Gives the open call's name, and its arguments as far as they have come, once both are known.</summary>
    private void ShowCall()
    {
        if (!_isScanning || !_call.CanBegin)
            return;
        if (!_isShown)
        {
            ShowText();
            _pieces.Add(new AnswerDelta(AnswerPart.CallName, _call.Name!, ++_callIndex)); // CanBegin: there is one.
            _isShown = true;
        }

        string arguments = _call.TakeArguments();
        if (arguments.Length > 0)
            _pieces.Add(new AnswerDelta(AnswerPart.CallArguments, arguments, _callIndex));
    }

    private void ShowText()
    {
        if (_text.Length == 0)
            return;
        _pieces.Add(new AnswerDelta(AnswerPart.Answer, _text.ToString()));
        _text.Clear();
    }

    private void ReleaseHeld()
    {
        ShowCall();
        if (_isShown)
            _pieces.Add(new AnswerDelta(AnswerPart.CallBroken, "", _callIndex));
        if (IsCallOpen)
        {
            Warn(_isShown
                ? $"call {_callIndex} is no proper JSON object of a call and is shown as text"
                : "what began as a call of a tool is none and is shown as text");
        }

        _text.Append(_held);
        Forget();
    }

    private void DropHeld()
    {
        if (IsCallOpen || _isScanning)
            Warn(_isShown ? $"call {_callIndex} was cut off" : "a call was cut off before its name was known");
        Forget();
    }

    private void Warn(string warning)
    {
        if (_warnings.Count < WarningsMax)
            _warnings.Add(warning);
    }
}
