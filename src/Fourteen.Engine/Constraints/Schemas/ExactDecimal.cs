using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>A number as JSON writes it, exactly: <c>Digits · 10^-Places</c>, without zeros at its end.</summary>
internal readonly record struct ExactDecimal(BigInteger Digits, int Places) : IComparable<ExactDecimal>
{
    // Bounds beyond are no bounds that a number of 24 digits could meet.
    private const int PowerMax = 60;
    private const int CharsMax = 120;

    /// <summary>A JSON number, or null where it has more digits than fit.</summary>
    public static ExactDecimal? From(JsonElement number)
    {
        string raw = number.GetRawText();
        int e = raw.AsSpan().IndexOfAny('e', 'E');
        string mantissa = e < 0 ? raw : raw[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int places = point < 0 ? 0 : mantissa.Length - point - 1;
        int power = 0;
        if (raw.Length > CharsMax || (e >= 0 && !int.TryParse(
            raw.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power)))
        {
            return null;
        }

        BigInteger digits = BigInteger.Parse(
            point < 0 ? mantissa : mantissa.Remove(point, 1), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture);
        if (digits.IsZero)
            return new ExactDecimal(0, 0);
        if (power is > PowerMax or < -PowerMax)
            return null;
        places -= power;
        if (places < 0)
            return new ExactDecimal(digits * BigInteger.Pow(10, -places), 0);
        while (places > 0 && digits % 10 == 0)
            (digits, places) = (digits / 10, places - 1);
        return new ExactDecimal(digits, places);
    }

    public bool IsInteger => Places == 0;

    public ExactDecimal Negated => this with { Digits = -Digits };

    /// <summary>The digits before the point and after it, of the magnitude.</summary>
    public (string Whole, string Fraction) Text()
    {
        string all = BigInteger.Abs(Digits).ToString(CultureInfo.InvariantCulture).PadLeft(Places + 1, '0');
        return (all[..^Places], all[^Places..]);
    }

    public int CompareTo(ExactDecimal other)
    {
        int places = Math.Max(Places, other.Places);
        return Scaled(places).CompareTo(other.Scaled(places));
    }

    /// <summary>Whether it is a whole multiple of another, which is not zero.</summary>
    public bool IsMultipleOf(ExactDecimal other)
    {
        int places = Math.Max(Places, other.Places);
        return Scaled(places) % other.Scaled(places) == 0;
    }

    private BigInteger Scaled(int places) => Digits * BigInteger.Pow(10, places - Places);
}
