using System.Globalization;
using System.Numerics;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Python's format specification: <c>[[fill]align][sign][z][#][0][width][grouping][.precision][type]</c>.
/// </summary>
internal sealed class FormatSpec
{
    private string _fill = " ";
    private char _align;        // <, >, ^, = or none
    private char _sign = '-';   // -, + or blank
    private bool _isAlternate;  // #
    private int _width;
    private char _grouping;     // , or _ or none
    private int _precision = -1;
    private char _type;

    public static string Apply(RenderContext context, object? value, string text)
    {
        if (text.Length == 0)
            return PythonText.Str(context, value);
        if (!Strings.TryText(value, out string? own) && !Integers.IsNumber(value))
            throw Raise.Type($"unsupported format string passed to {TypeNames.Of(value)}.__format__");
        FormatSpec spec = Parse(text, value);
        string formatted = own is not null ? spec.FormatText(context, own)
            : value is double real || spec._type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%'
                ? spec.FormatReal(context, Integers.ToReal(value!)) // a number
                : spec.FormatInteger(context, value!);
        return formatted;
    }

    /// <summary>Escapes for characters outside ASCII, as <c>ascii()</c> does.</summary>
    public static string ToAscii(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (codePoint < 0x80)
                builder.Append((char)codePoint);
            else if (codePoint < 0x100)
                builder.Append(CultureInfo.InvariantCulture, $"\\x{codePoint:x2}");
            else if (codePoint < 0x10000)
                builder.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}");
            else
                builder.Append(CultureInfo.InvariantCulture, $"\\U{codePoint:x8}");
        }

        return builder.ToString();
    }

    private static FormatSpec Parse(string text, object? value)
    {
        var spec = new FormatSpec();
        int at = 0;
        int fillUnits = CodePoints.UnitsAt(text, 0);
        if (fillUnits < text.Length && text[fillUnits] is '<' or '>' or '^' or '=')
        {
            spec._fill = text[..fillUnits];
            spec._align = text[fillUnits];
            at = fillUnits + 1;
        }
        else if (text[0] is '<' or '>' or '^' or '=')
        {
            spec._align = text[at++];
        }

        if (at < text.Length && text[at] is '+' or '-' or ' ')
            spec._sign = text[at++];
        if (at < text.Length && text[at] == 'z')
            at++; // Negative zero as zero: handled by its digits below, which .NET never signs.
        if (at < text.Length && text[at] == '#')
        {
            spec._isAlternate = true;
            at++;
        }

        if (at < text.Length && text[at] == '0')
        {
            if (spec._align == '\0')
            {
                spec._fill = "0";
                spec._align = Strings.TryText(value, out _) ? '<' : '=';
            }

            at++;
        }

        spec._width = Number(text, ref at, 0);
        if (at < text.Length && text[at] is ',' or '_')
            spec._grouping = text[at++];
        if (at < text.Length && text[at] == '.')
        {
            at++;
            spec._precision = Number(text, ref at, -1);
            if (spec._precision < 0)
                throw Raise.Value("Format specifier missing precision");
        }

        if (at < text.Length)
            spec._type = text[at++];
        if (at < text.Length)
            throw Raise.Value($"Invalid format specifier '{text}' for object of type '{TypeNames.Of(value)}'");
        return spec;
    }

    private static int Number(string text, ref int at, int whenNone)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        if (at == start)
            return whenNone;
        if (!int.TryParse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture, out int number)
            || number > TemplateLimits.TextChars)
            throw RenderContext.TooLong();
        return number;
    }

    private string FormatText(RenderContext context, string text)
    {
        if (_type is not ('\0' or 's'))
            throw UnknownType("str");
        if (_align == '=')
            throw Raise.Value("'=' alignment not allowed in string format specifier");
        if (_sign != '-')
            throw Raise.Value("Sign not allowed in string format specifier");
        if (_grouping != '\0')
            throw Raise.Value($"Cannot specify '{_grouping}' with 's'.");
        if (_precision >= 0)
            text = text[..CodePoints.UnitOf(text, _precision)];
        return Pad(context, "", text, '<');
    }

    private string FormatInteger(RenderContext context, object value)
    {
        if (value is bool flag && _type == '\0')
            return Pad(context, "", flag ? "1" : "0", '>');
        if (_precision >= 0)
            throw Raise.Value("Precision not allowed in integer format specifier");
        BigInteger number = Integers.ToBig(value);
        BigInteger magnitude = BigInteger.Abs(number);
        if (_type == 'c')
            return Pad(context, "", Character(number), '<');
        string digits = _type switch
        {
            '\0' or 'd' or 'n' => magnitude.ToString(CultureInfo.InvariantCulture),
            'x' => Radix(magnitude, 16),
            'X' => Radix(magnitude, 16).ToUpperInvariant(),
            'o' => Radix(magnitude, 8),
            'b' => Radix(magnitude, 2),
            _ => throw UnknownType("int"),
        };
        string prefix = _isAlternate && _type is 'x' or 'X' or 'o' or 'b' ? "0" + _type : "";
        int group = _type is 'x' or 'X' or 'o' or 'b' ? 4 : 3;
        return Pad(context, Sign(number.Sign < 0) + prefix, Grouped(digits, group), '>');
    }

    private static string Character(BigInteger number) =>
        number.Sign < 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)
            ? throw Raise.Overflow("%c arg not in range(0x110000)")
            : char.ConvertFromUtf32((int)number);

    /// <summary>A magnitude in base 2, 8 or 16.</summary>
    public static string Radix(BigInteger magnitude, int radix)
    {
        if (magnitude.IsZero)
            return "0";
        int bits = radix == 16 ? 4 : radix == 8 ? 3 : 1;
        var digits = new StringBuilder();
        while (!magnitude.IsZero)
        {
            digits.Insert(0, "0123456789abcdef"[(int)(magnitude & (radix - 1))]);
            magnitude >>= bits;
        }

        return digits.ToString();
    }

    private string FormatReal(RenderContext context, double value)
    {
        if (_precision > TemplateLimits.FormatPrecision)
            throw Raise.Limit($"a precision is limited to {TemplateLimits.FormatPrecision} digits");
        context.Charge(Math.Max(0, _precision));
        string digits = RealDigits(value);
        bool isNegative = double.IsNegative(value) && !double.IsNaN(value);
        int end = 0;
        while (end < digits.Length && char.IsAsciiDigit(digits[end]))
            end++;
        return Pad(context, Sign(isNegative), Grouped(digits[..end], 3) + digits[end..], '>');
    }

    private string RealDigits(double value)
    {
        if (!double.IsFinite(value))
        {
            string name = double.IsNaN(value) ? "nan" : "inf";
            return (_type is 'E' or 'F' or 'G' ? name.ToUpperInvariant() : name) + (_type == '%' ? "%" : "");
        }

        int precision = _precision < 0 ? 6 : _precision;
        string point = _isAlternate && precision == 0 ? "." : "";
        switch (_type)
        {
            case 'f' or 'F': return RealText.Fixed(value, precision) + point;
            case '%': return RealText.Fixed(value * 100, precision) + point + "%";
            case 'e' or 'E': return RealText.Exponent(value, precision, _type);
            case 'g' or 'n': return RealText.General(value, precision, 'e', keepsPoint: false, _isAlternate);
            case 'G': return RealText.General(value, precision, 'E', keepsPoint: false, _isAlternate);
            case '\0':
                return _precision < 0
                    ? RealText.Repr(Math.Abs(value))
                    : RealText.General(value, precision, 'e', keepsPoint: true, _isAlternate);
            default: throw UnknownType("float");
        }
    }

    private string Sign(bool isNegative) => isNegative ? "-" : _sign == '-' ? "" : _sign.ToString();

    private string Grouped(string digits, int size)
    {
        if (_grouping == '\0')
            return digits;
        // Zeros that fill the width are grouped too.
        int width = _align == '=' && _fill == "0" ? _width : 0;
        while (digits.Length + ((digits.Length - 1) / size) < width && digits.Length < width)
            digits = "0" + digits;
        var grouped = new StringBuilder(digits.Length * 2);
        for (int i = 0; i < digits.Length; i++)
        {
            if (i > 0 && (digits.Length - i) % size == 0)
                grouped.Append(_grouping);
            grouped.Append(digits[i]);
        }

        return grouped.ToString();
    }

    private string Pad(RenderContext context, string sign, string body, char defaultAlign)
    {
        char align = _align == '\0' ? defaultAlign : _align;
        if (align == '=')
            return sign + StringMethods.Pad(context, body, _width - sign.Length, _fill, Alignment.Right);
        string text = sign + body;
        if (align != '^')
            return StringMethods.Pad(context, text, _width, _fill, align == '<' ? Alignment.Left : Alignment.Right);
        // Unlike str.center, a format puts the odd blank on the right.
        int missing = _width - CodePoints.Count(text);
        string left = StringMethods.Pad(context, text, _width - (missing - (missing / 2)), _fill, Alignment.Right);
        return missing <= 0 ? text : StringMethods.Pad(context, left, _width, _fill, Alignment.Left);
    }

    private PythonException UnknownType(string type) =>
        Raise.Value($"Unknown format code '{_type}' for object of type '{type}'");
}
