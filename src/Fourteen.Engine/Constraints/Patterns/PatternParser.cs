using System.Globalization;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Patterns;

/// <summary>
/// Reads regular expressions in ECMAScript's syntax, as far as they describe a regular set: no lookaround, word
/// boundaries, back references or flags. Laziness does not change what matches and is skipped.
/// </summary>
internal ref struct PatternParser
{
    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    private PatternParser(ReadOnlySpan<char> text) => _text = text;

    private readonly bool AtEnd => _at >= _text.Length;

    private readonly char Next => _text[_at];

    /// <exception cref="ConstraintException">The pattern is broken or not supported; the place is its position.
    /// </exception>
    public static PatternNode Parse(string pattern)
    {
        if (pattern.Length > ConstraintLimits.SourceCharsMax)
            throw ConstraintException.TooLarge("chars of a pattern", ConstraintLimits.SourceCharsMax);
        var parser = new PatternParser(pattern);
        PatternNode node = parser.ParseChoice();
        return parser.AtEnd ? node : throw parser.Problem(")", "this parenthesis was never opened");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > ConstraintLimits.NestingMax)
            throw ConstraintException.TooLarge("groups in groups", ConstraintLimits.NestingMax);
        List<PatternNode> members = [ParseSequence()];
        while (TakeIf('|'))
            members.Add(ParseSequence());
        _depth--;
        return members.Count == 1 ? members[0] : new PatternNode.Choice(members);
    }

    private PatternNode ParseSequence()
    {
        List<PatternNode> parts = [];
        while (!AtEnd && Next is not ('|' or ')'))
        {
            PatternNode atom = ParseAtom();
            parts.Add(ParseQuantifiers(atom));
        }

        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    private PatternNode ParseQuantifiers(PatternNode atom)
    {
        int start = _at;
        if (AtEnd || !TryQuantifier(out int min, out int max))
            return atom;
        if (atom is PatternNode.Anchor)
            throw Problem(_text[start..].ToString(), "an anchor cannot be repeated");
        if (min > max)
            throw Problem("{}", "the least count is larger than the most");
        bool isBounded = max == int.MaxValue || max <= ConstraintLimits.RepetitionsMax;
        if (!isBounded || min > ConstraintLimits.RepetitionsMax)
            throw ConstraintException.TooLarge("repetitions", ConstraintLimits.RepetitionsMax);
        TakeIf('?');
        if (!AtEnd && (Next is '*' or '+' or '?'))
            throw Problem(Next.ToString(), "a quantifier follows a quantifier");
        return new PatternNode.Repeat(atom, min, max);
    }

    private bool TryQuantifier(out int min, out int max)
    {
        (min, max) = (0, int.MaxValue);
        switch (Next)
        {
            case '*':
                _at++;
                return true;
            case '+':
                min = 1;
                _at++;
                return true;
            case '?':
                max = 1;
                _at++;
                return true;
            case '{':
                return TryBraces(out min, out max);
            default:
                return false;
        }
    }

    // A brace that is no quantifier is a character, as browsers read it.
    private bool TryBraces(out int min, out int max)
    {
        int start = _at++;
        max = int.MaxValue;
        if (TryNumber(out min))
        {
            if (!TakeIf(','))
                max = min;
            else if (TryNumber(out int most))
                max = most;
            if (TakeIf('}'))
                return true;
        }

        _at = start;
        return false;
    }

    private bool TryNumber(out int number)
    {
        int start = _at;
        long value = 0;
        while (!AtEnd && char.IsAsciiDigit(Next))
            value = Math.Min((value * 10) + (_text[_at++] - '0'), int.MaxValue - 1);
        number = (int)value;
        return _at > start;
    }

    private PatternNode ParseAtom()
    {
        char next = Next;
        switch (next)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new PatternNode.Characters(ParseClass());
            case '.':
                _at++;
                return new PatternNode.Characters(CharacterClasses.Dot);
            case '^' or '$':
                _at++;
                return new PatternNode.Anchor(next == '$');
            case '*' or '+' or '?':
                throw Problem(next.ToString(), "a quantifier with nothing before it");
            case '\\':
                return ParseEscape();
            default:
                return new PatternNode.Characters(CodePointSet.Of(TakeCodePoint()));
        }
    }

    private PatternNode ParseGroup()
    {
        int start = _at++;
        if (TakeIf('?'))
        {
            if (TakeIf('P') && (AtEnd || Next != '<'))
                throw Problem("(?P", "a reference to a group is not regular");
            if (!TakeIf(':'))
                SkipName(start);
        }

        PatternNode node = ParseChoice();
        return TakeIf(')') ? node : throw Problem("(", "this group is never closed");
    }

    private void SkipName(int start)
    {
        if (!TakeIf('<') || AtEnd || Next is '=' or '!')
        {
            ReadOnlySpan<char> shown = _text[start..Math.Min(_text.Length, start + 4)];
            throw Problem(shown.ToString(), "lookaround and flags are not supported; write what the text may be");
        }

        while (!AtEnd && Next != '>')
            _at++;
        TakeIf('>');
    }

    private PatternNode ParseEscape()
    {
        _at++;
        if (AtEnd)
            throw Problem("\\", "nothing follows the backslash");
        switch (Next)
        {
            case 'A':
                _at++;
                return new PatternNode.Anchor(IsEnd: false);
            case 'z' or 'Z':
                _at++;
                return new PatternNode.Anchor(IsEnd: true);
            case 'b' or 'B':
                throw Problem(
                    $"\\{Next}", "word boundaries are not supported; write the characters that may stand there");
            case >= '1' and <= '9' or 'k':
                throw Problem($"\\{Next}", "back references are not regular");
            default:
                return new PatternNode.Characters(TakeEscape(inClass: false));
        }
    }

    /// <summary>A set after the backslash.</summary>
    private CodePointSet TakeEscape(bool inClass)
    {
        char code = _text[_at++];
        switch (code)
        {
            case 'd' or 'D':
                return Either(CharacterClasses.Digits, code == 'D');
            case 'w' or 'W':
                return Either(CharacterClasses.Words, code == 'W');
            case 's' or 'S':
                return Either(CharacterClasses.Spaces, code == 'S');
            case 'p' or 'P':
                return Either(TakeCategory(), code == 'P');
            case 't' or 'n' or 'r' or 'f' or 'v':
                return CodePointSet.Of("\t\n\r\f\v"["tnrfv".IndexOf(code, StringComparison.Ordinal)]);
            case 'b' when inClass:
                return CodePointSet.Of('\b');
            case '0' when AtEnd || !char.IsAsciiDigit(Next):
                return CodePointSet.Of(0);
            case 'c' when !AtEnd && char.IsAsciiLetter(Next):
                return CodePointSet.Of(_text[_at++] & 31);
            case 'x':
                return CodePointSet.Of(TakeHex(2));
            case 'u':
                return CodePointSet.Of(TakeUnicode());
            default:
                if (char.IsAsciiLetterOrDigit(code))
                    throw Problem($"\\{code}", "this escape is not known");
                _at--;
                return CodePointSet.Of(TakeCodePoint());
        }
    }

    private CodePointSet TakeCategory()
    {
        int close = _text[_at..].IndexOf('}');
        if (AtEnd || Next != '{' || close < 0)
            throw Problem("\\p", "the name of a category in braces must follow, such as \\p{L}");
        string name = _text[(_at + 1)..(_at + close)].ToString();
        _at += close + 1;
        return CharacterClasses.Category(name)
            ?? throw Problem($"\\p{{{name}}}", "only general categories such as L, Lu or Nd are supported");
    }

    private int TakeUnicode()
    {
        if (!AtEnd && Next == '{')
        {
            int close = _text[_at..].IndexOf('}');
            ReadOnlySpan<char> digits = close < 0 ? [] : _text[(_at + 1)..(_at + close)];
            if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
                || value is < 0 or > CodePointSet.Last)
            {
                throw Problem("\\u{", "a code point in hexadecimal digits must follow");
            }

            _at += close + 1;
            return value;
        }

        int unit = TakeHex(4);
        if (unit is < 0xd800 or > 0xdbff || !_text[_at..].StartsWith("\\u"))
            return unit;
        int back = _at;
        _at += 2;
        int low = TakeHex(4);
        if (low is >= 0xdc00 and <= 0xdfff)
            return char.ConvertToUtf32((char)unit, (char)low);
        _at = back;
        return unit;
    }

    private int TakeHex(int digits)
    {
        if (_at + digits > _text.Length || !int.TryParse(
            _text[_at..(_at + digits)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            throw Problem("\\", $"{digits} hexadecimal digits must follow");
        }

        _at += digits;
        return value;
    }

    private CodePointSet ParseClass()
    {
        _at++;
        bool isNegated = TakeIf('^');
        var ranges = new List<(int, int)>();
        while (!AtEnd && Next != ']')
        {
            CodePointSet low = TakeClassMember();
            bool isRange = _at + 1 < _text.Length && Next == '-' && _text[_at + 1] != ']';
            if (!isRange)
            {
                ranges.AddRange(low.Ranges);
                continue;
            }

            _at++;
            CodePointSet high = TakeClassMember();
            if (low.Ranges is not [var first] || high.Ranges is not [var last] || first.Low != first.High
                || last.Low != last.High || first.Low > last.Low)
            {
                throw Problem("[", "a range needs two characters in order");
            }

            ranges.Add((first.Low, last.Low));
        }

        if (!TakeIf(']'))
            throw Problem("[", "this class is never closed");
        return Either(CodePointSet.From(ranges), isNegated);
    }

    private CodePointSet TakeClassMember()
    {
        if (Next != '\\')
            return CodePointSet.Of(TakeCodePoint());
        _at++;
        return AtEnd ? throw Problem("\\", "nothing follows the backslash") : TakeEscape(inClass: true);
    }

    private int TakeCodePoint()
    {
        char unit = _text[_at++];
        if (char.IsHighSurrogate(unit) && !AtEnd && char.IsLowSurrogate(Next))
            return char.ConvertToUtf32(unit, _text[_at++]);
        return unit;
    }

    private bool TakeIf(char expected)
    {
        if (AtEnd || Next != expected)
            return false;
        _at++;
        return true;
    }

    private static CodePointSet Either(CodePointSet set, bool isNegated) => isNegated ? set.Complement() : set;

    private readonly ConstraintException Problem(string what, string reason) => new(
        string.Create(CultureInfo.InvariantCulture, $"char {Math.Min(_at, _text.Length)} of the pattern"), what,
        reason);
}
