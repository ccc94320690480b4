using System.Numerics;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Shared boxes of the values that templates make most.</summary>
internal static class Boxes
{
    public static readonly object True = true;
    public static readonly object False = false;

    public static object Of(bool value) => value ? True : False;
}

/// <summary>
/// Python's int: a <see cref="long"/> where it fits, else a <see cref="BigInteger"/>; a bool counts as 0 or 1.
/// </summary>
internal static class Integers
{
    private const int SmallestBox = -16;
    private const int BoxCount = 1040; // up to 1023: indexes of messages

    private static readonly object[] Small = MakeSmall();

    public static object Box(long value) =>
        value >= SmallestBox && value < SmallestBox + BoxCount ? Small[value - SmallestBox] : value;

    public static object Box(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
            return Box((long)value);
        if (value.GetBitLength() > TemplateLimits.IntegerBits)
            throw Raise.Limit($"an integer is limited to {TemplateLimits.IntegerDigits} digits");
        return value;
    }

    public static bool IsInteger(object? value) => value is long or bool or BigInteger;

    public static bool IsNumber(object? value) => value is long or double or bool or BigInteger;

    /// <summary>A long or bool; a larger integer is not one.</summary>
    public static bool TryLong(object? value, out long number)
    {
        if (value is long own)
        {
            number = own;
            return true;
        }

        number = value is true ? 1 : 0;
        return value is bool;
    }

    public static BigInteger ToBig(object value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => (BigInteger)value,
    };

    public static double ToReal(object value)
    {
        switch (value)
        {
            case double real: return real;
            case long number: return number;
            case bool flag: return flag ? 1 : 0;
            default:
                double converted = (double)(BigInteger)value;
                return double.IsInfinity(converted) ? throw Raise.Overflow("int too large to convert to float")
                    : converted;
        }
    }

    /// <summary>An integer argument of a built-in, where a value that fits an <see cref="int"/> is meant.</summary>
    public static int Argument(object? value)
    {
        if (TryLong(value, out long number))
            return (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        if (value is BigInteger big)
            return big.Sign < 0 ? int.MinValue : int.MaxValue;
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        throw Raise.Type($"'{TypeNames.Of(value)}' object cannot be interpreted as an integer");
    }

    private static object[] MakeSmall()
    {
        var boxes = new object[BoxCount];
        for (int i = 0; i < boxes.Length; i++)
            boxes[i] = (long)(i + SmallestBox);
        return boxes;
    }
}
