using System.Text;

namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// The calls of Mistral: <c>[TOOL_CALLS]</c> and a list of <c>{"name": …, "arguments": {…}}</c>, or, in newer models,
/// <c>[TOOL_CALLS]name[CALL_ID]id[ARGS]{…}</c> for each call, where all but the name and the object may be absent.
/// </summary>
internal sealed class MistralCalls : ToolCallParser
{
    internal const string Begin = "[TOOL_CALLS]";
    internal const string CallId = "[CALL_ID]";
    internal const string Arguments = "[ARGS]";

    /// <summary>Most characters of an id; Mistral's have 9.</summary>
    private const int IdMax = 64;

    private readonly StringBuilder _name = new();
    private Place _place;
    private string _tag = "";
    private int _idLength;
    private bool _inList;

    private enum Place
    {
        Text,

        /// <summary>Behind the marker.</summary>
        Marked,

        /// <summary>Where the list has a call.</summary>
        Element,
        Name,

        /// <summary>Behind the bracket that begins a tag.</summary>
        Tag,
        Id,

        /// <summary>Behind the tag of the arguments.</summary>
        Arguments,
        Call,

        /// <summary>Behind a call in the list.</summary>
        Between,
    }

    protected override string Marker => Begin;

    protected override bool IsInText => _place == Place.Text;

    protected override void Feed(char c)
    {
        switch (_place)
        {
            case Place.Text:
                if (FeedText(c))
                    _place = Place.Marked;
                break;
            case Place.Call:
                if (FeedCall(c))
                    EndCall();
                break;
            case Place.Name or Place.Tag or Place.Id:
                FeedHead(c);
                break;
            case Place.Arguments when c == '{':
                BeginNamed(c);
                break;
            case Place.Marked or Place.Element when c == '{':
                BeginCall();
                _place = Place.Call;
                FeedCall(c);
                break;
            case Place.Marked when c == '[':
                Hold(c);
                (_place, _inList) = (Place.Element, true);
                break;
            case Place.Marked when IsNameCharacter(c):
                Hold(c);
                _name.Clear().Append(c);
                _place = Place.Name;
                break;
            case Place.Between when c == ',':
                Hold(c);
                _place = Place.Element;
                break;
            case Place.Between when c == ']':
                Forget();
                EnterText();
                break;
            default:
                if (IsSpace(c) && HeldLength < SpaceMax)
                    Hold(c);
                else
                    Fail(c);
                break;
        }
    }

    protected override void EnterText() => (_place, _inList) = (Place.Text, false);

    protected override void Restart() => EnterText();

    /// <summary>Between the marker and the arguments of a call whose name stands before them.</summary>
    private void FeedHead(char c)
    {
        switch (_place)
        {
            case Place.Name when IsNameCharacter(c) && _name.Length < CallScanner.NameMax:
                Hold(c);
                _name.Append(c);
                break;
            case Place.Name when c == '{':
                BeginNamed(c);
                break;
            case Place.Name or Place.Id when c == '[':
                _tag = "";
                FeedMarker(c, Arguments); // Both tags begin with a bracket.
                _place = Place.Tag;
                break;
            case Place.Id when char.IsAsciiLetterOrDigit(c) && _idLength < IdMax:
                Hold(c);
                _idLength++;
                break;
            case Place.Tag:
                FeedTag(c);
                break;
            default:
                Fail(c);
                break;
        }
    }

    private void FeedTag(char c)
    {
        if (_tag.Length == 0)
            _tag = c == CallId[1] ? CallId : Arguments;
        if (!ContinuesMarker(c, _tag))
            Fail(c);
        else if (FeedMarker(c, _tag))
            (_place, _idLength) = (_tag == CallId ? Place.Id : Place.Arguments, 0);
    }

    private void BeginNamed(char c)
    {
        BeginArguments(_name.ToString());
        _place = Place.Call;
        FeedCall(c);
    }

    private void EndCall()
    {
        if (_inList)
            _place = Place.Between;
        else
            EnterText();
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/';
}
