namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>What a character is in a JSON text.</summary>
internal enum JsonStep
{
    /// <summary>No JSON text goes on like this; the scanner is of no further use.</summary>
    Invalid,

    /// <summary>White space between tokens.</summary>
    Space,

    /// <summary>A colon or a comma.</summary>
    Punctuation,

    /// <summary>The bracket that begins an object or an array.</summary>
    Open,

    /// <summary>The bracket that ends one.</summary>
    Close,

    /// <summary>The quote that begins a string or a key.</summary>
    Quote,

    /// <summary>Inside a string or a key.</summary>
    Text,

    /// <summary>The quote that ends a string or a key.</summary>
    Unquote,

    /// <summary>Part of a number, <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    Scalar,
}

/// <summary>
/// Checks a JSON value character by character (RFC 8259, strictly) and tells what each is, so that brackets and quotes
/// inside strings are never taken for structure. Memory is fixed.
/// </summary>
internal struct JsonScanner
{
    /// <summary>Most nested containers: what System.Text.Json, and so the readers of calls, take by default.</summary>
    internal const int DepthMax = 64;

    private ulong _objects; // Bit i: whether the container at depth i + 1 is an object.
    private State _state;
    private string _literal;
    private int _count; // Characters of the literal, or digits of a \u escape, so far.
    private int _unit; // The UTF-16 unit of a \u escape, so far.

    private enum State
    {
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        Colon,
        AfterValue,
        String,
        Escape,
        Unicode,
        Literal,
        Minus,
        Zero,
        Integer,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    /// <summary>Containers that are open.</summary>
    internal int Depth { get; private set; }

    /// <summary>Whether the string that is open, or ended last, is a key.</summary>
    internal bool IsKey { get; private set; }

    /// <summary>The UTF-16 unit of a string that the last character completed, or null.</summary>
    internal char? Decoded { get; private set; }

    /// <summary>Whether a whole value was read; a number alone never is, as digits could follow.</summary>
    internal readonly bool IsComplete => Depth == 0 && _state == State.AfterValue;

    internal JsonStep Feed(char c)
    {
        Decoded = null;
        switch (_state)
        {
            case State.String:
                return InString(c);
            case State.Escape:
                return AfterBackslash(c);
            case State.Unicode:
                return InUnicode(c);
            case State.Literal:
                return InLiteral(c);
            case >= State.Minus:
                JsonStep step = InNumber(c);
                if (step == JsonStep.Scalar)
                    return step;
                if (!CanEndNumber(_state))
                    return JsonStep.Invalid;
                _state = State.AfterValue; // The number ended before this character.
                break;
        }

        return c is ' ' or '\t' or '\n' or '\r' ? JsonStep.Space : Structure(c);
    }

    private JsonStep Structure(char c) => (_state, c) switch
    {
        (State.Key or State.KeyOrEnd, '"') => BeginString(isKey: true),
        (State.KeyOrEnd, '}') or (State.ValueOrEnd, ']') => Close(),
        (State.Colon, ':') => Punctuate(State.Value),
        (State.AfterValue, ',') when Depth > 0 => Punctuate(InObject ? State.Key : State.Value),
        (State.AfterValue, '}') when Depth > 0 && InObject => Close(),
        (State.AfterValue, ']') when Depth > 0 && !InObject => Close(),
        (State.Value or State.ValueOrEnd, _) => BeginValue(c),
        _ => JsonStep.Invalid,
    };

    private readonly bool InObject => (_objects >> (Depth - 1) & 1) != 0;

    private JsonStep BeginValue(char c)
    {
        switch (c)
        {
            case '{' or '[':
                if (Depth == DepthMax)
                    return JsonStep.Invalid;
                ulong bit = 1UL << Depth;
                _objects = c == '{' ? _objects | bit : _objects & ~bit;
                Depth++;
                _state = c == '{' ? State.KeyOrEnd : State.ValueOrEnd;
                return JsonStep.Open;
            case '"':
                return BeginString(isKey: false);
            case 't' or 'f' or 'n':
                _literal = c == 't' ? "true" : c == 'f' ? "false" : "null";
                _count = 1;
                _state = State.Literal;
                return JsonStep.Scalar;
            case '-':
                _state = State.Minus;
                return JsonStep.Scalar;
            case >= '0' and <= '9':
                _state = c == '0' ? State.Zero : State.Integer;
                return JsonStep.Scalar;
            default:
                return JsonStep.Invalid;
        }
    }

    private JsonStep BeginString(bool isKey)
    {
        IsKey = isKey;
        _state = State.String;
        return JsonStep.Quote;
    }

    private JsonStep Close()
    {
        Depth--;
        _state = State.AfterValue;
        return JsonStep.Close;
    }

    private JsonStep Punctuate(State next)
    {
        _state = next;
        return JsonStep.Punctuation;
    }

    private JsonStep InString(char c)
    {
        switch (c)
        {
            case '"':
                _state = IsKey ? State.Colon : State.AfterValue;
                return JsonStep.Unquote;
            case '\\':
                _state = State.Escape;
                return JsonStep.Text;
            case < ' ':
                return JsonStep.Invalid;
            default:
                Decoded = c;
                return JsonStep.Text;
        }
    }

    private JsonStep AfterBackslash(char c)
    {
        if (c == 'u')
        {
            (_state, _count, _unit) = (State.Unicode, 0, 0);
            return JsonStep.Text;
        }

        int at = "\"\\/bfnrt".IndexOf(c, StringComparison.Ordinal);
        if (at < 0)
            return JsonStep.Invalid;
        Decoded = "\"\\/\b\f\n\r\t"[at];
        _state = State.String;
        return JsonStep.Text;
    }

    private JsonStep InUnicode(char c)
    {
        if (!char.IsAsciiHexDigit(c))
            return JsonStep.Invalid;
        _unit = (_unit * 16) + (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        if (++_count == 4)
        {
            Decoded = (char)_unit;
            _state = State.String;
        }

        return JsonStep.Text;
    }

    private JsonStep InLiteral(char c)
    {
        if (_literal[_count] != c)
            return JsonStep.Invalid;
        if (++_count == _literal.Length)
            _state = State.AfterValue;
        return JsonStep.Scalar;
    }

    /// <summary>Moves on where the character belongs to the number.</summary>
    private JsonStep InNumber(char c)
    {
        bool isDigit = char.IsAsciiDigit(c);
        State? next = (_state, c) switch
        {
            (State.Minus, '0') => State.Zero,
            (State.Minus or State.Integer, _) when isDigit => State.Integer,
            (State.Zero or State.Integer, '.') => State.Point,
            (State.Point or State.Fraction, _) when isDigit => State.Fraction,
            (State.Zero or State.Integer or State.Fraction, 'e' or 'E') => State.Exponent,
            (State.Exponent, '+' or '-') => State.ExponentSign,
            (State.Exponent or State.ExponentSign or State.ExponentDigits, _) when isDigit => State.ExponentDigits,
            _ => null,
        };
        if (next is null)
            return JsonStep.Invalid;
        _state = next.Value;
        return JsonStep.Scalar;
    }

    private static bool CanEndNumber(State state) =>
        state is State.Zero or State.Integer or State.Fraction or State.ExponentDigits;
}
