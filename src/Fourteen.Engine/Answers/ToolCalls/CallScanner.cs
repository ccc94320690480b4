using System.Text;

namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>How far the JSON of a call has come.</summary>
internal enum CallState
{
    /// <summary>It goes on.</summary>
    Open,

    /// <summary>The last character ended it.</summary>
    Complete,

    /// <summary>It is no call: no JSON, no name, arguments of another kind than an object, or too long.</summary>
    Broken,
}

/// <summary>
/// Reads one call, <c>{"name": …, "arguments": {…}}</c>, or its arguments alone, character by character. The arguments
/// are handed on as the model writes them, not parsed and written again. One owner; used again after a reset.
/// </summary>
/// <remarks>
/// Either key may come first, and <c>parameters</c> is another word for <c>arguments</c>. Other keys (<c>id</c>,
/// <c>type</c>) are checked and left out. Arguments that are a string are taken for an object written once more as a
/// string, which is how OpenAI's API shows them and what some models have learned from it: they are unwrapped. Absent,
/// null and empty arguments are <c>{}</c>.
/// </remarks>
internal sealed class CallScanner
{
    /// <summary>Most UTF-16 units of a name; OpenAI's API allows 64, and names of MCP servers add a prefix.</summary>
    internal const int NameMax = 256;

    /// <summary>Most UTF-16 units of arguments that wait for a name behind them: that order is rare.</summary>
    internal const int WaitingMax = 1 << 16;

    /// <summary>The longest key that means something.</summary>
    private const int KeyMax = 10;

    private readonly StringBuilder _key = new();
    private readonly StringBuilder _name = new();
    private readonly StringBuilder _arguments = new();
    private JsonScanner _json;
    private JsonScanner _inner; // Of arguments in a string.
    private Field _field;
    private Mode _mode;
    private int _fieldDepth;
    private bool _hasArguments; // Whether their key was met.
    private bool _argumentsBegan;
    private bool _isComplete;
    private bool _afterHigh; // Whether the first half of a character came last.

    private enum Field
    {
        Other,
        Name,
        Arguments,
    }

    /// <summary>What the characters belong to.</summary>
    private enum Mode
    {
        Fields,
        Arguments,
        QuotedArguments,
    }

    /// <summary>The name once it is whole, else null.</summary>
    internal string? Name { get; private set; }

    /// <summary>Whether a key that no call has came before the call could be shown.</summary>
    internal bool HasForeignKey { get; private set; }

    /// <summary>Whether the name and the first character of the arguments are known: the call may be shown.</summary>
    internal bool CanBegin => Name is not null && _argumentsBegan;

    /// <summary>Expects a whole call; the next character is its opening brace.</summary>
    internal void Reset() => Reset(null, fieldDepth: 1);

    /// <summary>Expects the arguments of the named call alone; the next character is their opening brace.</summary>
    internal void ResetToArguments(string name)
    {
        Reset(name, fieldDepth: 0);
        (_field, _hasArguments) = (Field.Arguments, true);
    }

    internal CallState Feed(char c)
    {
        JsonStep step = _json.Feed(c);
        bool isGood = step != JsonStep.Invalid && _mode switch
        {
            Mode.Arguments => TakeArguments(c, step),
            Mode.QuotedArguments => TakeQuotedArguments(step),
            _ => TakeField(c, step),
        };
        if (!isGood || (Name is null && _arguments.Length > WaitingMax))
            return CallState.Broken;
        if (!_json.IsComplete)
            return CallState.Open;
        if (Name is null)
            return CallState.Broken;
        if (!_argumentsBegan)
            _arguments.Append("{}");
        (_argumentsBegan, _isComplete) = (true, true);
        return CallState.Complete;
    }

    /// <summary>The arguments that have come since the last time: text that ends with a whole character.</summary>
    internal string TakeArguments()
    {
        int length = _arguments.Length;
        if (!_isComplete && length > 0 && char.IsHighSurrogate(_arguments[length - 1]))
            length--; // Unwrapped escapes give a character in two halves.
        if (length == 0)
            return "";
        string text = _arguments.ToString(0, length);
        _arguments.Remove(0, length);
        return text;
    }

    private void Reset(string? name, int fieldDepth)
    {
        _json = default;
        _field = Field.Other;
        _mode = Mode.Fields;
        _fieldDepth = fieldDepth;
        _arguments.Clear();
        Name = name;
        (HasForeignKey, _hasArguments, _argumentsBegan, _isComplete) = (false, false, false, false);
    }

    private bool TakeField(char c, JsonStep step)
    {
        bool isValue = !_json.IsKey;
        switch (step)
        {
            case JsonStep.Open when _json.Depth == _fieldDepth + 1 && _field == Field.Arguments:
                if (c != '{')
                    return false;
                (_mode, _argumentsBegan) = (Mode.Arguments, true);
                _arguments.Append(c);
                return true;
            case JsonStep.Open when _json.Depth == _fieldDepth + 1 && _fieldDepth > 0:
                return _field == Field.Other;
        }

        if (_json.Depth != _fieldDepth)
            return true; // Inside the value of a key that is left out.
        return step switch
        {
            JsonStep.Quote when !isValue => Clear(_key),
            JsonStep.Text when !isValue => Collect(_key, KeyMax),
            JsonStep.Unquote when !isValue => TakeKey(_key.ToString()),
            JsonStep.Quote when _field == Field.Name => Clear(_name),
            JsonStep.Text when _field == Field.Name =>
                KeepsPairs() && Collect(_name, NameMax) && _name.Length <= NameMax,
            JsonStep.Unquote when _field == Field.Name => TakeName(),
            JsonStep.Quote when _field == Field.Arguments => BeginQuoted(),
            JsonStep.Scalar => _field == Field.Other || (_field == Field.Arguments && c is 'n' or 'u' or 'l'),
            _ => true,
        };
    }

    private bool TakeKey(string key)
    {
        _field = key switch
        {
            "name" => Field.Name,
            "arguments" or "parameters" => Field.Arguments,
            _ => Field.Other,
        };
        if (_field == Field.Other)
            HasForeignKey |= !CanBegin && key is not ("id" or "type");
        bool isRepeated = _field == Field.Name ? Name is not null : _field == Field.Arguments && _hasArguments;
        _hasArguments |= _field == Field.Arguments;
        return !isRepeated;
    }

    private bool TakeName()
    {
        Name = _name.ToString();
        return Name.Length > 0 && !_afterHigh;
    }

    private bool TakeArguments(char c, JsonStep step)
    {
        _arguments.Append(c);
        if (step == JsonStep.Close && _json.Depth == _fieldDepth)
            (_mode, _field) = (Mode.Fields, Field.Other);
        return true;
    }

    private bool BeginQuoted()
    {
        (_mode, _inner, _afterHigh) = (Mode.QuotedArguments, default, false);
        return true;
    }

    private bool TakeQuotedArguments(JsonStep step)
    {
        if (step == JsonStep.Unquote)
        {
            (_mode, _field) = (Mode.Fields, Field.Other);
            return !_argumentsBegan || _inner.IsComplete;
        }

        if (_json.Decoded is not char c)
            return true;
        JsonStep inner = KeepsPairs() ? _inner.Feed(c) : JsonStep.Invalid;
        if (inner == JsonStep.Invalid || (!_argumentsBegan && !(inner == JsonStep.Space || c == '{')))
            return false;
        if (!_argumentsBegan && inner == JsonStep.Space)
            return true;
        _argumentsBegan = true;
        if (!_inner.IsComplete || inner == JsonStep.Close)
            _arguments.Append(c);
        return true;
    }

    /// <summary>
    /// Whether what a string holds is still text: escapes can give half a character, which nobody could encode.
    /// </summary>
    private bool KeepsPairs()
    {
        if (_json.Decoded is not char c)
            return true;
        bool isPaired = char.IsLowSurrogate(c) == _afterHigh;
        _afterHigh = char.IsHighSurrogate(c);
        return isPaired;
    }

    private bool Clear(StringBuilder text)
    {
        text.Clear();
        _afterHigh = false;
        return true;
    }

    /// <summary>Adds what a string holds, up to one unit more than is allowed, so that excess is seen.</summary>
    private bool Collect(StringBuilder text, int most)
    {
        if (_json.Decoded is char c && text.Length <= most)
            text.Append(c);
        return true;
    }
}
