namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// The calls of Hermes and Qwen3: <c>&lt;tool_call&gt;</c>, a JSON object, <c>&lt;/tool_call&gt;</c>, and so on. A call
/// ends where its object ends, so that a tag inside a string of it is data; the closing tag is dropped where it comes.
/// </summary>
internal sealed class HermesCalls : ToolCallParser
{
    internal const string Begin = "<tool_call>";
    internal const string Close = "</tool_call>";

    private Place _place;

    private enum Place
    {
        Text,
        Marked,
        Call,
        Behind,
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
            case Place.Marked when IsSpace(c) && HeldLength < SpaceMax:
                Hold(c);
                break;
            case Place.Marked when c == '{':
                BeginCall();
                _place = Place.Call;
                FeedCall(c);
                break;
            case Place.Marked:
                Fail(c);
                break;
            case Place.Call:
                if (FeedCall(c))
                    _place = Place.Behind;
                break;
            default:
                FeedBehind(c);
                break;
        }
    }

    protected override void EnterText() => _place = Place.Text;

    protected override void Restart() => _place = Place.Text;

    private void FeedBehind(char c)
    {
        if (ContinuesMarker(c, Close))
        {
            if (!FeedMarker(c, Close))
                return;
            Forget();
            EnterText();
        }
        else if (IsSpace(c) && !HoldsMarker && HeldLength < SpaceMax)
        {
            Hold(c);
        }
        else
        {
            ReadAgain(c);
        }
    }
}
