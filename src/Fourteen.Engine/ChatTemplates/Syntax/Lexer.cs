using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>
/// Cuts a template into tokens, with the whitespace rules of <c>trim_blocks</c> (the newline after a tag goes) and
/// <c>lstrip_blocks</c> (blanks between the start of a line and a tag go), both on. In a tag, <c>-</c> strips all
/// whitespace on its side and <c>+</c> strips none. One newline at the very end of the template is dropped.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private int _at;
    private int _line = 1;
    private int _lineCounted; // characters before this position are counted in _line

    /// <summary>True where the last tag ended with a newline, so that what follows begins a line.</summary>
    private bool _lineStarts = true;

    private Lexer(string source) => _source = source;

    public static List<Token> Read(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n'))
            source = source[..^1];
        var lexer = new Lexer(source);
        lexer.ReadTemplate();
        lexer.Add(TokenKind.End, "", source.Length);
        return lexer._tokens;
    }

    private void ReadTemplate()
    {
        while (true)
        {
            int open = NextOpening(_at);
            if (open < 0)
            {
                AddData(_at, _source.Length);
                _at = _source.Length;
                return;
            }

            char kind = _source[open + 1];
            int inside = open + 2;
            char sign = SignAt(inside);
            AddData(_at, EndOfText(open, sign, isVariable: kind == '{'));
            if (sign != '\0')
                inside++;
            _at = inside;
            if (kind == '#')
                SkipComment(open);
            else if (kind == '{')
                ReadTag(TokenKind.VariableBegin, TokenKind.VariableEnd, open);
            else if (TryRawBegin(inside, out int raw))
                ReadRaw(raw);
            else
                ReadTag(TokenKind.BlockBegin, TokenKind.BlockEnd, open);
        }
    }

    private int NextOpening(int from)
    {
        while (true)
        {
            int brace = _source.IndexOf('{', from);
            if (brace < 0 || brace + 1 >= _source.Length)
                return -1;
            if (_source[brace + 1] is '%' or '{' or '#')
                return brace;
            from = brace + 1;
        }
    }

    private char SignAt(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    /// <summary>Where the text before a tag ends once whitespace control has taken its part.</summary>
    private int EndOfText(int open, char sign, bool isVariable)
    {
        ReadOnlySpan<char> text = _source.AsSpan(_at, open - _at);
        if (sign == '-')
            return _at + Strings.TrimEnd(text).Length;
        if (sign == '+' || isVariable)
            return open;
        int lineStart = text.LastIndexOf('\n') + 1;
        bool blank = Strings.TrimStart(text[lineStart..]).IsEmpty;
        return blank && (lineStart > 0 || _lineStarts) ? _at + lineStart : open;
    }

    private void SkipComment(int open)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
            throw SyntaxException.At(LineAt(open), "Missing end of comment tag");
        _at = end;
        bool strips = end > 0 && _source[end - 1] == '-';
        bool keeps = end > 0 && _source[end - 1] == '+';
        // The sign belongs to the closing tag only where it does not also open the comment: {#-#} strips on the left.
        if (end == open + 3)
            strips = keeps = false;
        EndTag(end + 2, strips, trimsNewline: !keeps);
    }

    /// <summary>Goes on after a closing tag.</summary>
    private void EndTag(int after, bool strips, bool trimsNewline)
    {
        if (strips)
        {
            while (after < _source.Length && Strings.IsSpace(_source[after]))
                after++;
        }
        else if (trimsNewline && after < _source.Length && _source[after] == '\n')
        {
            after++;
        }

        _lineStarts = after > 0 && _source[after - 1] == '\n';
        _at = after;
    }

    /// <summary>True for <c>{% raw %}</c>, whose end is returned; the newline after it stays.</summary>
    private bool TryRawBegin(int inside, out int end)
    {
        end = SkipSpaces(inside);
        if (!Follows(end, "raw"))
            return false;
        end = SkipSpaces(end + 3);
        if (Follows(end, "%}"))
        {
            end += 2;
            return true;
        }

        if (!Follows(end, "-%}"))
            return false;
        end = SkipSpaces(end + 3);
        return true;
    }

    private void ReadRaw(int start)
    {
        int open = start;
        _lineStarts = start > 0 && _source[start - 1] == '\n';
        _at = start;
        while (true)
        {
            open = _source.IndexOf("{%", open, StringComparison.Ordinal);
            if (open < 0)
                throw SyntaxException.At(LineAt(start), "Missing end of raw directive");
            char sign = SignAt(open + 2);
            int word = SkipSpaces(open + (sign == '\0' ? 2 : 3));
            int close = Follows(word, "endraw") ? SkipSpaces(word + 6) : -1;
            int length = close < 0
                ? 0 : Follows(close, "%}") ? 2 : Follows(close, "-%}") || Follows(close, "+%}") ? 3 : 0;
            if (length == 0)
            {
                open += 2;
                continue;
            }

            AddData(start, EndOfText(open, sign, isVariable: false));
            EndTag(close + length, length == 3 && _source[close] == '-', length == 2);
            return;
        }
    }

    private void ReadTag(TokenKind begin, TokenKind end, int open)
    {
        Add(begin, "", open);
        string closing = end == TokenKind.BlockEnd ? "%}" : "}}";
        _brackets.Clear();
        while (_at < _source.Length)
        {
            if (_brackets.Count == 0 && TryClose(end, closing))
                return;
            if (Strings.IsSpace(_source[_at]))
                _at++;
            else
                ReadToken();
        }
    }

    private bool TryClose(TokenKind end, string closing)
    {
        char sign = _source[_at];
        // A print tag has no "+}}": the plus would be an operator.
        bool signed = (sign == '-' || (sign == '+' && end == TokenKind.BlockEnd)) && Follows(_at + 1, closing);
        if (!signed && !Follows(_at, closing))
            return false;
        Add(end, "", _at);
        EndTag(_at + (signed ? 3 : 2), signed && sign == '-', !signed && end == TokenKind.BlockEnd);
        return true;
    }

    private void ReadToken()
    {
        int start = _at;
        char c = _source[_at];
        if (char.IsAsciiDigit(c))
        {
            _at = NumberScanner.Scan(_source, _at, out bool isReal);
            Add(isReal ? TokenKind.Float : TokenKind.Integer, _source[start.._at], start);
        }
        else if (Strings.IsWord(CodePoints.ValueAt(_source, _at)))
        {
            ReadName();
        }
        else if (c is '"' or '\'' && TryString(c, out int end))
        {
            string body = _source.Substring(start + 1, end - start - 1);
            Add(TokenKind.String, StringLiteral.Unescape(body, LineAt(start)), start);
            _at = end + 1;
        }
        else
        {
            ReadOperator(c);
        }
    }

    private void ReadName()
    {
        int start = _at;
        while (_at < _source.Length && Strings.IsWord(CodePoints.ValueAt(_source, _at)))
            _at += CodePoints.UnitsAt(_source, _at);
        if (!Strings.IsIdentifier(_source.AsSpan(start, _at - start)))
            throw SyntaxException.At(LineAt(start), "Invalid character in identifier");
        Add(TokenKind.Name, _source[start.._at], start);
    }

    private bool TryString(char quote, out int end)
    {
        for (end = _at + 1; end < _source.Length; end++)
        {
            if (_source[end] == quote)
                return true;
            if (_source[end] == '\\')
                end++;
        }

        return false;
    }

    private void ReadOperator(char c)
    {
        int start = _at;
        string? symbol = null;
        foreach (string candidate in Operators)
        {
            if (Follows(start, candidate))
            {
                symbol = candidate;
                break;
            }
        }

        if (symbol is null)
        {
            string shown = PythonText.ReprOfText(CodePoints.TextAt(_source, start));
            throw SyntaxException.At(LineAt(start), $"unexpected char {shown} at {start}");
        }

        if (c is '(' or '[' or '{')
        {
            _brackets.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        }
        else if (c is ')' or ']' or '}')
        {
            if (_brackets.Count == 0)
                throw SyntaxException.At(LineAt(start), $"unexpected '{c}'");
            char expected = _brackets.Pop();
            if (expected != c)
                throw SyntaxException.At(LineAt(start), $"unexpected '{c}', expected '{expected}'");
        }

        _at += symbol.Length;
        Add(TokenKind.Operator, symbol, start);
    }

    private bool Follows(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private int SkipSpaces(int at)
    {
        while (at < _source.Length && Strings.IsSpace(_source[at]))
            at++;
        return at;
    }

    private void AddData(int start, int end)
    {
        if (end > start)
            Add(TokenKind.Data, _source[start..end], start);
    }

    private void Add(TokenKind kind, string text, int at) => _tokens.Add(new Token(kind, text, LineAt(at)));

    /// <summary>The line of a position; positions come in ascending order, but for a few steps back.</summary>
    private int LineAt(int at)
    {
        if (at < _lineCounted)
            return _line - _source.AsSpan(at, _lineCounted - at).Count('\n');
        _line += _source.AsSpan(_lineCounted, at - _lineCounted).Count('\n');
        _lineCounted = at;
        return _line;
    }

    /// <summary>Longer ones first, so that the first that fits is the longest.</summary>
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];
}
