using System.Globalization;
using System.Numerics;
using System.Text;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// Doubles as Python writes them. <c>repr</c> is the shortest text that reads back as the same number; a given number
/// of digits is the exact value, rounded half to even.
/// </summary>
internal static class RealText
{
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        if (value == Math.Truncate(value) && Math.Abs(value) < 1e15 && (value != 0 || !double.IsNegative(value)))
            return ((long)value).ToString(CultureInfo.InvariantCulture) + ".0";
        (string digits, int exponent) = Shortest(Math.Abs(value));
        string sign = double.IsNegative(value) ? "-" : "";
        // Python's repr changes to exponents below 1e-4 and from 1e16 on.
        return exponent is < -4 or >= 16
            ? sign + WithExponent(digits, exponent, 'e')
            : sign + WithPoint(digits, exponent, padded: true);
    }

    /// <summary>|value| with this many digits after the point.</summary>
    public static string Fixed(double value, int precision)
    {
        string digits = ScaledRound(Math.Abs(value), precision).ToString(CultureInfo.InvariantCulture);
        if (precision == 0)
            return digits;
        digits = digits.PadLeft(precision + 1, '0');
        return $"{digits.AsSpan(0, digits.Length - precision)}.{digits.AsSpan(digits.Length - precision)}";
    }

    /// <summary>|value| as <c>d.ddde+xx</c> with this many digits after the point.</summary>
    public static string Exponent(double value, int precision, char letter)
    {
        (string digits, int exponent) = Rounded(Math.Abs(value), precision + 1);
        return WithExponent(digits, exponent, letter);
    }

    /// <summary>
    /// |value| with this many significant digits, in whichever of the two forms Python's <c>g</c> takes.
    /// </summary>
    /// <param name="keepsPoint">True for a format without a type: one digit stays after the point.</param>
    /// <param name="keepsZeros">The flag <c>#</c>: zeros at the end stay.</param>
    public static string General(double value, int precision, char letter, bool keepsPoint, bool keepsZeros)
    {
        precision = Math.Max(precision, 1);
        (string digits, int exponent) = Rounded(Math.Abs(value), precision);
        bool fits = exponent >= -4 && exponent < precision - (keepsPoint ? 1 : 0);
        if (!keepsZeros)
        {
            digits = digits.TrimEnd('0');
            if (digits.Length == 0)
                digits = "0";
        }

        return fits ? WithPoint(digits, exponent, keepsPoint) : WithExponent(digits, exponent, letter);
    }

    /// <summary>Python's <c>round(value, digits)</c> of a float.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 323)
            return value;
        if (digits < -308)
            return Math.CopySign(0, value);
        string text = ScaledRound(Math.Abs(value), digits).ToString(CultureInfo.InvariantCulture);
        string number = string.Create(CultureInfo.InvariantCulture, $"{text}E{-digits}");
        double rounded = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(rounded))
            throw Raise.Overflow("rounded value too large to represent");
        return Math.CopySign(rounded, value);
    }

    /// <summary>The shortest digits d and exponent e with value = d[0].d[1]… × 10^e.</summary>
    private static (string Digits, int Exponent) Shortest(double value)
    {
        // 17 significant digits at most: "R" gives the shortest that round-trips, as digits, point and perhaps E+xx.
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.Float, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int zeros = 0;
        while (zeros < digits.Length - 1 && digits[zeros] == '0')
            zeros++;
        digits = digits[zeros..].TrimEnd('0');
        return digits.Length == 0 ? ("0", 0) : (digits, exponent - zeros);
    }

    /// <summary>The value rounded to this many significant digits, zeros at the end included.</summary>
    private static (string Digits, int Exponent) Rounded(double value, int count)
    {
        if (value == 0)
            return (new string('0', count), 0);
        int exponent = (int)Math.Floor(Math.Log10(value));
        while (true)
        {
            // Log10 may be off by one, and rounding may add a digit: the length of the result tells.
            string digits = ScaledRound(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == count)
                return (digits, exponent);
            exponent += digits.Length > count ? 1 : -1;
        }
    }

    /// <summary>value × 10^scale as an integer, exact and rounded half to even.</summary>
    private static BigInteger ScaledRound(double value, int scale)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int power = (int)((bits >> 52) & 0x7ff);
        BigInteger numerator = power == 0 ? bits & 0xFFFFFFFFFFFFF : (bits & 0xFFFFFFFFFFFFF) | (1L << 52);
        power = Math.Max(power, 1) - 1075; // bias and the 52 bits of the fraction
        BigInteger denominator = BigInteger.One;
        if (power >= 0)
            numerator <<= power;
        else
            denominator <<= -power;
        if (scale >= 0)
            numerator *= BigInteger.Pow(10, scale);
        else
            denominator *= BigInteger.Pow(10, -scale);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static string WithPoint(string digits, int exponent, bool padded)
    {
        if (exponent < 0)
            return "0." + new string('0', -exponent - 1) + digits;
        if (digits.Length <= exponent + 1)
            return digits.PadRight(exponent + 1, '0') + (padded ? ".0" : "");
        return $"{digits.AsSpan(0, exponent + 1)}.{digits.AsSpan(exponent + 1)}";
    }

    private static string WithExponent(string digits, int exponent, char letter)
    {
        var text = new StringBuilder();
        text.Append(digits[0]);
        if (digits.Length > 1)
            text.Append('.').Append(digits, 1, digits.Length - 1);
        text.Append(letter).Append(exponent < 0 ? '-' : '+');
        text.Append(CultureInfo.InvariantCulture, $"{Math.Abs(exponent):00}");
        return text.ToString();
    }
}
