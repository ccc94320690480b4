using System.Globalization;
using System.Text;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Gbnf;

/// <summary>
/// Reads llama.cpp's GBNF (grammars/README.md there): rules <c>name ::= …</c>, literals, classes, groups, <c>. * + ?
/// {m,n}</c>, alternatives, comments, and tokens by id as <c>&lt;[42]></c>.
/// </summary>
internal ref struct GbnfParser
{
    private readonly ReadOnlySpan<char> _text;
    private readonly Dictionary<string, GrammarNode> _rules;
    private int _at;
    private int _depth;

    private GbnfParser(ReadOnlySpan<char> text)
    {
        _text = text;
        _rules = new Dictionary<string, GrammarNode>(StringComparer.Ordinal);
    }

    private readonly bool AtEnd => _at >= _text.Length;

    private readonly char Next => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>The rules by name; there is one called <c>root</c>.</summary>
    /// <exception cref="ConstraintException">The grammar is broken; the place is its line.</exception>
    public static IReadOnlyDictionary<string, GrammarNode> Parse(string grammar)
    {
        if (grammar.Length > ConstraintLimits.SourceCharsMax)
            throw ConstraintException.TooLarge("chars of a grammar", ConstraintLimits.SourceCharsMax);
        var parser = new GbnfParser(grammar);
        parser.SkipSpace(newLines: true);
        while (!parser.AtEnd)
            parser.ParseRule();
        return parser._rules.ContainsKey("root")
            ? parser._rules
            : throw parser.Problem("root", "a grammar needs a rule of this name");
    }

    private void ParseRule()
    {
        string name = TakeName();
        SkipSpace(newLines: false);
        if (!_text[_at..].StartsWith("::="))
            throw Problem(name, "::= must follow the name of a rule");
        _at += 3;
        SkipSpace(newLines: true);
        GrammarNode body = ParseChoice(isNested: false);
        if (!_rules.TryAdd(name, body))
            throw Problem(name, "a rule of this name stands before");
        if (_rules.Count > ConstraintLimits.RulesMax)
            throw ConstraintException.TooLarge("rules", ConstraintLimits.RulesMax);
        if (!AtEnd && Next is not ('\n' or '\r'))
            throw Problem(Next.ToString(), "a rule ends with its line");
        SkipSpace(newLines: true);
    }

    private GrammarNode ParseChoice(bool isNested)
    {
        if (++_depth > ConstraintLimits.NestingMax)
            throw ConstraintException.TooLarge("groups in groups", ConstraintLimits.NestingMax);
        List<GrammarNode> members = [ParseSequence(isNested)];
        while (Next == '|')
        {
            _at++;
            SkipSpace(newLines: true);
            members.Add(ParseSequence(isNested));
        }

        _depth--;
        return members.Count == 1 ? members[0] : GrammarNode.Choice(members);
    }

    private GrammarNode ParseSequence(bool isNested)
    {
        List<GrammarNode> parts = [];
        while (true)
        {
            GrammarNode? atom = ParseAtom(isNested);
            if (atom is null)
                return parts.Count == 1 ? parts[0] : GrammarNode.Sequence(parts);
            SkipSpace(isNested);
            while (TryCount(out int min, out int? max))
            {
                atom = GrammarNode.Repeat(atom, min, max);
                SkipSpace(isNested);
            }

            parts.Add(atom);
        }
    }

    private GrammarNode? ParseAtom(bool isNested)
    {
        switch (Next)
        {
            case '"':
                return ParseLiteral();
            case '[':
                return ParseClass();
            case '.':
                _at++;
                return GrammarNode.Characters(isNegated: true);
            case '<':
                return ParseToken();
            case '(':
                _at++;
                SkipSpace(newLines: true);
                GrammarNode inner = ParseChoice(isNested: true);
                if (Next != ')')
                    throw Problem("(", "this group is never closed");
                _at++;
                return inner;
            case '!':
                throw Problem("!", "a negated token is not supported; write what may stand there");
            default:
                return IsNameChar(Next) ? GrammarNode.Rule(TakeName()) : null;
        }
    }

    private bool TryCount(out int min, out int? max)
    {
        (min, max) = Next switch { '*' => (0, (int?)null), '+' => (1, null), '?' => (0, 1), _ => (-1, null) };
        if (min >= 0)
        {
            _at++;
            return true;
        }

        if (Next != '{')
            return false;
        _at++;
        SkipSpace(newLines: true);
        min = TakeNumber() ?? 0;
        SkipSpace(newLines: true);
        max = min;
        if (Next == ',')
        {
            _at++;
            SkipSpace(newLines: true);
            max = TakeNumber();
            SkipSpace(newLines: true);
        }

        if (Next != '}')
            throw Problem("{", "a count is {m}, {m,} or {m,n}");
        _at++;
        return true;
    }

    private int? TakeNumber()
    {
        int start = _at;
        long value = 0;
        while (char.IsAsciiDigit(Next))
            value = Math.Min((value * 10) + (_text[_at++] - '0'), ConstraintLimits.RepetitionsMax + 1);
        return _at == start ? null : (int)value;
    }

    private GrammarNode ParseLiteral()
    {
        _at++;
        var text = new StringBuilder();
        while (Next != '"')
        {
            if (AtEnd || Next is '\n')
                throw Problem("\"", "this literal is never closed");
            int codePoint = TakeCharacter();
            if (codePoint is >= 0xd800 and <= 0xdfff)
                throw Problem("\"", "half a surrogate pair is no character");
            text.Append(char.ConvertFromUtf32(codePoint));
        }

        _at++;
        return GrammarNode.Text(text.ToString());
    }

    private GrammarNode ParseClass()
    {
        _at++;
        bool isNegated = Next == '^';
        if (isNegated)
            _at++;
        var ranges = new List<(int, int)>();
        while (Next != ']')
        {
            if (AtEnd)
                throw Problem("[", "this class is never closed");
            int low = TakeCharacter();
            int high = low;
            if (Next == '-' && _at + 1 < _text.Length && _text[_at + 1] != ']')
            {
                _at++;
                high = TakeCharacter();
            }

            if (high < low)
                throw Problem("[", "a range needs two characters in order");
            ranges.Add((low, high));
        }

        _at++;
        return GrammarNode.Characters(isNegated, ranges);
    }

    private GrammarNode ParseToken()
    {
        _at++;
        if (Next == '[')
        {
            _at++;
            int? id = TakeNumber();
            if (id is not null && _text[_at..].StartsWith("]>"))
            {
                _at += 2;
                return GrammarNode.Token(id.Value);
            }
        }

        throw Problem("<", "a token is written by its id: <[42]>");
    }

    private int TakeCharacter()
    {
        char unit = _text[_at++];
        if (char.IsHighSurrogate(unit) && char.IsLowSurrogate(Next))
            return char.ConvertToUtf32(unit, _text[_at++]);
        if (unit != '\\')
            return unit;
        if (AtEnd)
            throw Problem("\\", "nothing follows the backslash");
        char code = _text[_at++];
        return code switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => TakeHex(2),
            'u' => TakeHex(4),
            'U' => TakeHex(8),
            '"' or '\\' or '[' or ']' or '-' or '^' or '/' => code,
            _ => throw Problem($"\\{code}", "this escape is not known"),
        };
    }

    private int TakeHex(int digits)
    {
        if (_at + digits > _text.Length || !int.TryParse(
                _text[_at..(_at + digits)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out int value)
            || value is < 0 or > CodePointSet.Last)
        {
            throw Problem("\\", $"{digits} hexadecimal digits of a code point must follow");
        }

        _at += digits;
        return value;
    }

    private string TakeName()
    {
        int start = _at;
        while (IsNameChar(Next))
            _at++;
        return _at > start
            ? _text[start.._at].ToString()
            : throw Problem(Next.ToString(), "a rule's name must stand here");
    }

    private static bool IsNameChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private void SkipSpace(bool newLines)
    {
        while (!AtEnd)
        {
            if (Next is ' ' or '\t' || (newLines && Next is '\n' or '\r'))
            {
                _at++;
            }
            else if (Next == '#')
            {
                int end = _text[_at..].IndexOfAny('\n', '\r');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else
            {
                return;
            }
        }
    }

    private readonly ConstraintException Problem(string what, string reason)
    {
        int line = _text[..Math.Min(_at, _text.Length)].Count('\n') + 1;
        return new ConstraintException(
            string.Create(CultureInfo.InvariantCulture, $"line {line} of the grammar"), what, reason);
    }
}
