namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// The calls of Llama 3: an answer that is nothing but <c>{"name": …, "parameters": {…}}</c>, or several with
/// semicolons, newlines or in a list; <c>&lt;|python_tag|&gt;</c> may stand in front. Without that tag only the name of
/// a declared tool tells a call from an answer in JSON, which stays text.
/// </summary>
/// <param name="declared">The names of the tools.</param>
internal sealed class LlamaCalls(IReadOnlyCollection<string> declared) : ToolCallParser
{
    internal const string PythonTag = "<|python_tag|>";

    private Place _place;
    private bool _inList;

    private enum Place
    {
        /// <summary>Nothing but white space has come.</summary>
        Start,
        Text,

        /// <summary>Behind the tag.</summary>
        Marked,

        /// <summary>Where the list has a call.</summary>
        Element,
        Call,

        /// <summary>Behind a call.</summary>
        Between,
    }

    protected override string Marker => PythonTag;

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
                    _place = Place.Between;
                break;
            case not Place.Text when c == '{':
                BeginCall();
                _place = Place.Call;
                FeedCall(c);
                break;
            case not Place.Text when IsSpace(c) && HeldLength < SpaceMax:
                Hold(c);
                break;
            case Place.Start or Place.Marked when c == '[':
                Hold(c);
                (_place, _inList) = (Place.Element, true);
                break;
            case Place.Between when c == (_inList ? ',' : ';') && HeldLength < SpaceMax:
                Hold(c);
                break;
            case Place.Between when c == ']' && _inList:
                Forget();
                EnterText();
                break;
            case Place.Marked or Place.Element:
                Fail(c);
                break;
            default:
                ReadAgain(c);
                break;
        }
    }

    protected override void EnterText() => (_place, _inList) = (Place.Text, false);

    protected override void Restart() => (_place, _inList) = (Place.Start, false);

    /// <remarks>A key that no call has decides early, so that an answer in JSON streams.</remarks>
    protected override bool Accepts(CallScanner call, bool isMarked) =>
        isMarked || (!call.HasForeignKey && (call.Name is null || declared.Contains(call.Name)));
}
