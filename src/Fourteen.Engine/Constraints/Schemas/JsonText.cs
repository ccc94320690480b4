using System.Globalization;
using System.Text;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// The pieces of JSON's text as expressions. A string that a pattern or list of names restricts is written in one way
/// only: characters as they are, the short escapes where JSON has them, else <c>\u00xx</c> in small digits, so that two
/// texts are equal where their values are. Other strings may use every escape, surrogates only in pairs.
/// </summary>
internal sealed class JsonText
{
    private static readonly CodePointSet _escaped =
        CodePointSet.Range(0, 0x1f).Or(CodePointSet.Of('"', '\\'));

    private readonly ExpressionTable _table;

    public JsonText(ExpressionTable table, JsonWhitespace whitespace)
    {
        _table = table;
        Expression blank = table.Byte(' ');
        Expression lineBreak = table.Concat(
            table.Optional(table.Byte('\r')), table.Byte('\n'),
            table.Repeat(table.Or([blank, table.Byte('\t')]), 0, ConstraintLimits.IndentMax));
        bool isFlexible = whitespace == JsonWhitespace.Flexible;
        Gap = isFlexible ? table.Or([table.Empty, blank, lineBreak]) : table.Empty;
        AfterColon = isFlexible ? table.Optional(blank) : table.Empty;
        Digit = table.Bytes(ByteSet.Range((byte)'0', (byte)'9'));
        Canonical = Encode(CodePointSet.All);
        Character = MakeCharacter();
        // Both hold all characters: known without looking.
        Canonical.CoversSafe = true;
        Character.CoversSafe = true;
    }

    /// <summary>White space between tokens: at most one run, and never two in a row.</summary>
    public Expression Gap { get; }

    public Expression AfterColon { get; }

    public Expression Digit { get; }

    /// <summary>One character of a string, written in the one way.</summary>
    public Expression Canonical { get; }

    /// <summary>One character of a string in any way that JSON knows.</summary>
    public Expression Character { get; }

    public Expression Quote => _table.Byte('"');

    /// <summary>The bytes of a string between its quotes, in the one way.</summary>
    public static byte[] Bytes(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (Rune rune in value.EnumerateRunes())
        {
            if (_escaped.Contains(rune.Value))
                text.Append(Escape(rune.Value));
            else
                text.Append(rune.ToString());
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The same with quotes.</summary>
    public static byte[] Quoted(string value) => [(byte)'"', .. Bytes(value), (byte)'"'];

    /// <summary>One character of a set, written in the one way.</summary>
    public Expression Encode(CodePointSet set)
    {
        List<Expression> ways = [Utf8.Encode(_table, set.Without(_escaped))];
        foreach ((int low, int high) in set.And(_escaped).Ranges)
        {
            for (int codePoint = low; codePoint <= high; codePoint++)
                ways.Add(_table.Literal(Encoding.UTF8.GetBytes(Escape(codePoint))));
        }

        return _table.Or(ways);
    }

    /// <summary>Parts with commas between them and brackets around.</summary>
    public Expression Bracket(char open, char close, IReadOnlyList<Expression> parts)
    {
        if (parts.Count == 0)
            return _table.Concat(_table.Byte(open), Gap, _table.Byte(close));
        List<Expression> text = [_table.Byte(open), Gap, parts[0]];
        foreach (Expression part in parts.Skip(1))
            text.AddRange([_table.Byte(','), Gap, part]);
        text.AddRange([Gap, _table.Byte(close)]);
        return _table.Concat([.. text]);
    }

    private static string Escape(int codePoint) => codePoint switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}"),
    };

    private Expression MakeCharacter()
    {
        Expression hex = Hex("0123456789abcdefABCDEF");
        Expression hex2 = _table.Concat(hex, hex);
        Expression unit = _table.Or(
        [
            _table.Concat(Hex("0123456789abcefABCEF"), hex, hex2),
            _table.Concat(Hex("dD"), Hex("01234567"), hex2),
        ]);
        Expression pair = _table.Concat(
            _table.Concat(Hex("dD"), Hex("89abAB"), hex2), _table.Literal("\\u"u8), Hex("dD"),
            _table.Concat(Hex("cdefCDEF"), hex2));
        Expression escape = _table.Or(
            [Hex("\"\\/bfnrt"), _table.Concat(_table.Byte('u'), _table.Or([unit, pair]))]);
        return _table.Or(
        [
            Utf8.Encode(_table, CodePointSet.All.Without(_escaped)),
            _table.Concat(_table.Byte('\\'), escape),
        ]);
    }

    private Expression Hex(string digits)
    {
        var set = default(ByteSet);
        foreach (char digit in digits)
            set |= ByteSet.Of((byte)digit);
        return _table.Bytes(set);
    }
}
