using System.Globalization;
using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The filters on numbers, and those that read numbers from text.</summary>
internal static class NumberFilters
{
    public static readonly BuiltIn[] Rows =
    [
        new("abs", "x, /", Absolute),
        new("int", "value, default=0, base=10", ToInteger),
        new("float", "value, default=0.0", static (c, v) => TryReal(c, v[0], out double real) ? real : v[1]),
        new("round", "value, precision=0, method='common'", Round),
        new("filesizeformat", "value, binary=False", FileSize),
    ];

    private static object? Absolute(RenderContext context, object?[] values) => values[0] switch
    {
        double real => Math.Abs(real),
        var value when Integers.IsInteger(value) => Integers.Box(BigInteger.Abs(Integers.ToBig(value!))), // not null
        _ => throw Raise.Type($"bad operand type for abs(): '{TypeNames.Of(values[0])}'"),
    };

    private static object? ToInteger(RenderContext context, object?[] values)
    {
        object? value = values[0];
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (Strings.TryText(value, out string? text))
        {
            context.Charge(text.Length);
            if (TryInteger(text, Integers.Argument(values[2]), out object? parsed))
                return parsed;
        }
        else if (Integers.IsInteger(value))
        {
            return Integers.Box(Integers.ToBig(value!)); // not null
        }

        // 42.23 in text gives 42, too.
        if (!TryReal(context, value, out double real) || double.IsNaN(real))
            return values[1];
        if (double.IsInfinity(real))
            return value is double ? throw Raise.Overflow("cannot convert float infinity to integer") : values[1];
        return Integers.Box(new BigInteger(real));
    }

    /// <summary>
    /// Python's <c>int(text, base)</c>: blanks around, a sign, a prefix that fits the base, underscores.
    /// </summary>
    private static bool TryInteger(string text, int radix, out object? value)
    {
        value = null;
        ReadOnlySpan<char> digits = Strings.Trim(text);
        bool isNegative = digits.StartsWith("-");
        if (isNegative || digits.StartsWith("+"))
            digits = digits[1..];
        int prefix = digits.Length > 1 && digits[0] == '0'
            ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 }
            : 0;
        if (prefix != 0 && (radix == prefix || radix == 0))
        {
            digits = digits[2..];
            if (digits.StartsWith("_"))
                digits = digits[1..];
            radix = prefix;
        }
        else if (radix == 0)
        {
            if (digits.Length > 1 && digits[0] == '0' && digits.ContainsAnyExcept('0', '_'))
                return false;
            radix = 10;
        }

        if (radix is < 2 or > 36)
            return false;
        return TryDigits(digits, radix, isNegative, out value);
    }

    private static bool TryDigits(ReadOnlySpan<char> digits, int radix, bool isNegative, out object? value)
    {
        value = null;
        if (digits.IsEmpty || digits[^1] == '_' || digits.Length > TemplateLimits.IntegerDigits)
            return false;
        BigInteger number = BigInteger.Zero;
        long small = 0;
        bool afterDigit = false;
        foreach (char c in digits)
        {
            if (c == '_' && afterDigit)
            {
                afterDigit = false;
                continue;
            }

            int digit = char.IsAsciiLetter(c)
                ? char.ToLowerInvariant(c) - 'a' + 10 : (int)CharUnicodeInfo.GetDecimalDigitValue(c);
            if (digit < 0 || digit >= radix)
                return false;
            afterDigit = true;
            if (small < long.MaxValue / 64)
            {
                small = (small * radix) + digit;
                number = small;
            }
            else
            {
                number = (number * radix) + digit;
            }
        }

        value = Integers.Box(isNegative ? -number : number);
        return true;
    }

    /// <summary>Python's <c>float(value)</c>.</summary>
    private static bool TryReal(RenderContext context, object? value, out double real)
    {
        real = 0;
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (Integers.IsNumber(value))
        {
            real = Integers.ToReal(value!); // not null
            return true;
        }

        if (!Strings.TryText(value, out string? text))
            return false;
        context.Charge(text.Length);
        string digits = Strings.Trim(text).ToString();
        string name = digits.TrimStart('+', '-').ToLowerInvariant();
        if (digits.Length - name.Length <= 1 && name is "inf" or "infinity" or "nan")
        {
            real = name == "nan" ? double.NaN : digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        for (int i = 0; i < digits.Length; i++)
        {
            bool isBetween = i > 0 && i + 1 < digits.Length
                && char.IsAsciiDigit(digits[i - 1]) && char.IsAsciiDigit(digits[i + 1]);
            if (!char.IsAsciiDigit(digits[i]) && digits[i] is not ('.' or 'e' or 'E' or '+' or '-')
                && !(digits[i] == '_' && isBetween))
            {
                return false;
            }
        }

        return double.TryParse(
            digits.Replace("_", "", StringComparison.Ordinal),
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture,
            out real);
    }

    private static object? Round(RenderContext context, object?[] values)
    {
        string method = PythonText.Str(context, values[2]);
        if (method is not ("common" or "ceil" or "floor"))
            throw Raise.FilterArgument("method must be common, ceil or floor");
        if (values[0] is UndefinedValue undefined)
            throw undefined.Error();
        if (!Integers.IsNumber(values[0]))
            throw Raise.Type($"type {TypeNames.Of(values[0])} doesn't define __round__ method");
        int precision = Integers.Argument(values[1]);
        context.Charge(Math.Min(Math.Abs((long)precision), TemplateLimits.IntegerDigits));
        if (method == "common")
        {
            return values[0] is double real
                ? RealText.Round(real, precision)
                : RoundInteger(Integers.ToBig(values[0]!), precision); // a number
        }

        object? scale = Arithmetic.Power(Integers.Box(10), Integers.Box(precision));
        double scaled = Integers.ToReal(Arithmetic.Multiply(context, values[0], scale)!); // a number
        double whole = method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled);
        return Arithmetic.Divide(whole, scale);
    }

    private static object RoundInteger(BigInteger number, int precision)
    {
        if (precision >= 0)
            return Integers.Box(number);
        if (precision < -TemplateLimits.IntegerDigits)
            return Integers.Box(0);
        BigInteger unit = BigInteger.Pow(10, -precision);
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(number), unit, out BigInteger rest);
        int half = (rest * 2).CompareTo(unit);
        if (half > 0 || (half == 0 && !quotient.IsEven))
            quotient += 1;
        return Integers.Box(quotient * unit * number.Sign);
    }

    private static object? FileSize(RenderContext context, object?[] values)
    {
        if (!TryReal(context, values[0], out double bytes))
            throw Raise.Value($"could not convert {PythonText.Repr(context, values[0])} to float");
        bool isBinary = Comparison.IsTrue(values[1]);
        double unit = isBinary ? 1024 : 1000;
        string suffix = isBinary ? "iB" : "B";
        if (bytes == 1)
            return "1 Byte";
        if (bytes < unit)
            return $"{PythonText.Integer(Integers.Box(new BigInteger(bytes)))} Bytes";
        string letters = isBinary ? "KMGTPEZY" : "kMGTPEZY";
        double size = unit;
        for (int i = 0; i < letters.Length; i++)
        {
            size *= unit;
            if (bytes < size || i == letters.Length - 1)
                return $"{RealText.Fixed(unit * bytes / size, 1)} {letters[i]}{suffix}";
        }

        return "";
    }
}
