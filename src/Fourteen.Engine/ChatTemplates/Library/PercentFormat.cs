using System.Globalization;
using System.Numerics;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PercentFormat
{
    private readonly RenderContext _context;
    private readonly string _format;
    private readonly object?[] _values;
    private readonly object? _mapping;
    private readonly bool _escapes;
    private readonly StringBuilder _output = new();
    private int _nextValue;
    private int _at;

    private PercentFormat(RenderContext context, string format, object? values, bool escapes)
    {
        _context = context;
        _format = format;
        _escapes = escapes;
        _mapping = values is DictValue ? values : null;
        _values = values is TupleValue tuple ? tuple.Items : [values];
        // Whatever has items counts as a mapping, which need not be used.
        MustUseAll = values is not (DictValue or ListValue or UndefinedValue or RangeValue);
    }

    private bool MustUseAll { get; }

    /// <param name="context">The rendering.</param>
    /// <param name="format">The text with its conversions.</param>
    /// <param name="values">A tuple of values, a dict for named ones, or the only value.</param>
    /// <param name="escape">Whether the values are escaped, because the format is marked as HTML.</param>
    public static string Apply(RenderContext context, string format, object? values, bool escape)
    {
        context.ChargeText(format.Length);
        return new PercentFormat(context, format, values, escape).Run();
    }

    private string Run()
    {
        while (_at < _format.Length)
        {
            int percent = _format.IndexOf('%', _at);
            if (percent < 0)
                percent = _format.Length;
            _output.Append(_format, _at, percent - _at);
            _at = percent + 1;
            if (percent < _format.Length)
                Convert();
            if (_output.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
        }

        if (MustUseAll && _nextValue < _values.Length)
            throw Raise.Type("not all arguments converted during string formatting");
        _context.ChargeText(_output.Length);
        return _output.ToString();
    }

    private void Convert()
    {
        object? named = Frame.Missing;
        if (Peek() == '(')
            named = Named();
        string flags = Flags();
        int width = Size();
        if (width < 0)
        {
            flags += "-";
            width = -width;
        }

        int precision = -1;
        if (Peek() == '.')
        {
            _at++;
            precision = Math.Max(0, Size());
        }

        while (Peek() is 'h' or 'l' or 'L')
            _at++;
        char type = Peek();
        if (type == '\0')
            throw Raise.Value("incomplete format");
        _at++;
        if (type == '%')
        {
            _output.Append('%');
            return;
        }

        object? value = ReferenceEquals(named, Frame.Missing) ? Next() : named;
        _context.Step();
        (string sign, string body) = Formatted(value, type, flags, precision);
        _output.Append(Padded(sign, body, flags, width, type is not ('s' or 'r' or 'a' or 'c')));
    }

    private char Peek() => _at < _format.Length ? _format[_at] : '\0';

    private object? Named()
    {
        int depth = 0;
        int start = _at + 1;
        for (; _at < _format.Length; _at++)
        {
            if (_format[_at] == '(')
                depth++;
            else if (_format[_at] == ')' && --depth == 0)
                break;
        }

        if (_at >= _format.Length)
            throw Raise.Value("incomplete format key");
        string key = _format[start.._at++];
        if (_mapping is not DictValue dict)
            throw Raise.Type("format requires a mapping");
        return dict.TryGet(key, out object? value) ? value : throw Raise.Key(PythonText.ReprOfText(key));
    }

    private string Flags()
    {
        int start = _at;
        while (Peek() is '-' or '+' or ' ' or '#' or '0')
            _at++;
        return _format[start.._at];
    }

    /// <summary>A width or precision: digits, or <c>*</c> for the next value.</summary>
    private int Size()
    {
        if (Peek() == '*')
        {
            _at++;
            object? value = Next();
            int given = Integers.IsInteger(value) ? Integers.Argument(value) : throw Raise.Type("* wants int");
            return Math.Abs((long)given) > TemplateLimits.TextChars ? throw RenderContext.TooLong() : given;
        }

        int start = _at;
        while (char.IsAsciiDigit(Peek()))
            _at++;
        if (_at == start)
            return 0;
        bool fits = int.TryParse(_format.AsSpan(start, _at - start), CultureInfo.InvariantCulture, out int size);
        return fits && size <= TemplateLimits.TextChars ? size : throw RenderContext.TooLong();
    }

    private object? Next() => _nextValue < _values.Length
        ? _values[_nextValue++]
        : throw Raise.Type("not enough arguments for format string");

    private (string Sign, string Body) Formatted(object? value, char type, string flags, int precision)
    {
        switch (type)
        {
            case 's' or 'r' or 'a':
                string text = type == 's' ? PythonText.Str(_context, value) : PythonText.Repr(_context, value);
                if (type == 'a')
                    text = FormatSpec.ToAscii(text);
                if (precision >= 0)
                    text = text[..CodePoints.UnitOf(text, precision)];
                return ("", _escapes && !(type == 's' && value is MarkupText) ? Html.Escape(text) : text);
            case 'c':
                return ("", Character(value));
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                return Integer(value, type, flags, precision);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return Real(value, type, flags, precision);
            default:
                throw Raise.Value(
                    $"unsupported format character '{type}' (0x{(int)type:x}) at index {_at - 1}");
        }
    }

    private static string Character(object? value)
    {
        if (Strings.TryText(value, out string? text) && CodePoints.Count(text) == 1)
            return text;
        if (!Integers.IsInteger(value))
            throw Raise.Type("%c requires int or char");
        int codePoint = Integers.Argument(value);
        return codePoint is < 0 or > 0x10FFFF
            ? throw Raise.Overflow("%c arg not in range(0x110000)")
            : codePoint < 0x10000 ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint);
    }

    private (string Sign, string Body) Integer(object? value, char type, string flags, int precision)
    {
        bool isDecimal = type is 'd' or 'i' or 'u';
        if (value is double real && isDecimal)
        {
            if (!double.IsFinite(real))
                throw Raise.Overflow("cannot convert float infinity to integer");
            value = Integers.Box(new BigInteger(real));
        }

        if (!Integers.IsInteger(value))
        {
            string wanted = isDecimal ? "a real number" : "an integer";
            throw Raise.Type($"%{type} format: {wanted} is required, not {TypeNames.Of(value)}");
        }

        BigInteger number = Integers.ToBig(value!); // an integer
        BigInteger magnitude = BigInteger.Abs(number);
        string digits = isDecimal
            ? magnitude.ToString(CultureInfo.InvariantCulture)
            : FormatSpec.Radix(magnitude, type == 'o' ? 8 : 16);
        if (type == 'X')
            digits = digits.ToUpperInvariant();
        if (precision > TemplateLimits.FormatPrecision)
            throw Raise.Limit($"a precision is limited to {TemplateLimits.FormatPrecision} digits");
        digits = digits.PadLeft(Math.Max(precision, 0), '0');
        string prefix = flags.Contains('#') && !isDecimal ? "0" + type : "";
        return (Sign(number.Sign < 0, flags) + prefix, digits);
    }

    private (string Sign, string Body) Real(object? value, char type, string flags, int precision)
    {
        if (!Integers.IsNumber(value))
            throw Raise.Type($"must be real number, not {TypeNames.Of(value)}");
        if (precision > TemplateLimits.FormatPrecision)
            throw Raise.Limit($"a precision is limited to {TemplateLimits.FormatPrecision} digits");
        _context.Charge(Math.Max(0, precision));
        double real = Integers.ToReal(value!); // a number
        precision = precision < 0 ? 6 : precision;
        bool keepsZeros = flags.Contains('#');
        string body = type switch
        {
            _ when double.IsNaN(real) => char.IsUpper(type) ? "NAN" : "nan",
            _ when double.IsInfinity(real) => char.IsUpper(type) ? "INF" : "inf",
            'e' or 'E' => RealText.Exponent(real, precision, type),
            'f' or 'F' => RealText.Fixed(real, precision) + (keepsZeros && precision == 0 ? "." : ""),
            _ => RealText.General(real, precision, type == 'g' ? 'e' : 'E', keepsPoint: false, keepsZeros),
        };
        return (Sign(double.IsNegative(real) && !double.IsNaN(real), flags), body);
    }

    private static string Sign(bool isNegative, string flags) =>
        isNegative ? "-" : flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "";

    private string Padded(string sign, string body, string flags, int width, bool isNumber)
    {
        if (flags.Contains('-'))
            return StringMethods.Pad(_context, sign + body, width, " ", Alignment.Left);
        if (flags.Contains('0') && isNumber)
            return sign + StringMethods.Pad(_context, body, width - sign.Length, "0", Alignment.Right);
        return StringMethods.Pad(_context, sign + body, width, " ", Alignment.Right);
    }
}
