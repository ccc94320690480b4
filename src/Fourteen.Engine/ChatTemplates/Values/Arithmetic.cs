using System.Numerics;
using Fourteen.Engine.ChatTemplates.Library;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Python's arithmetic operators on any two values.</summary>
internal static class Arithmetic
{
    public static object? Add(RenderContext context, object? a, object? b)
    {
        if (a is string s && b is string t)
            return Concat(context, s, t);
        if (a is long x && b is long y)
        {
            long sum = unchecked(x + y);
            return ((x ^ sum) & (y ^ sum)) < 0 ? Integers.Box((BigInteger)x + y) : Integers.Box(sum);
        }

        RequireDefined(a, b);
        if (Integers.IsNumber(a) && Integers.IsNumber(b))
        {
            return a is double || b is double
                ? Integers.ToReal(a!) + Integers.ToReal(b!) // both are numbers
                : Integers.Box(Integers.ToBig(a!) + Integers.ToBig(b!));
        }

        if (Strings.TryText(a, out string? left) && Strings.TryText(b, out string? right))
            return AddMarkup(context, a, left, b, right);
        if (a is ListValue l && b is ListValue m)
            return new ListValue(Joined(context, l.Items, m.Items));
        if (a is TupleValue p && b is TupleValue q)
            return new TupleValue(Joined(context, p.Items, q.Items));
        if (a is string or ListValue or TupleValue)
        {
            string type = a is TupleValue ? "tuple" : TypeNames.Of(a);
            throw Raise.Type($"can only concatenate {type} (not \"{TypeNames.Of(b)}\") to {type}");
        }

        throw Unsupported("+", a, b);
    }

    public static object? Subtract(object? a, object? b)
    {
        if (a is long x && b is long y)
        {
            long difference = unchecked(x - y);
            return ((x ^ y) & (x ^ difference)) < 0 ? Integers.Box((BigInteger)x - y) : Integers.Box(difference);
        }

        RequireNumbers("-", a, b);
        return a is double || b is double
            ? Integers.ToReal(a!) - Integers.ToReal(b!) // both are numbers
            : Integers.Box(Integers.ToBig(a!) - Integers.ToBig(b!));
    }

    public static object? Multiply(RenderContext context, object? a, object? b)
    {
        RequireDefined(a, b);
        if (Integers.IsNumber(a) && Integers.IsNumber(b))
        {
            if (a is double || b is double)
                return Integers.ToReal(a!) * Integers.ToReal(b!); // both are numbers
            return Integers.Box(Integers.ToBig(a!) * Integers.ToBig(b!));
        }

        if (Integers.IsInteger(b) && IsRepeatable(a))
            return Repeat(context, a!, Integers.Argument(b));
        if (Integers.IsInteger(a) && IsRepeatable(b))
            return Repeat(context, b!, Integers.Argument(a));
        if (IsRepeatable(a) || IsRepeatable(b))
            throw Raise.Type($"can't multiply sequence by non-int of type '{TypeNames.Of(IsRepeatable(a) ? b : a)}'");
        throw Unsupported("*", a, b);
    }

    public static object? Divide(object? a, object? b)
    {
        RequireNumbers("/", a, b);
        double divisor = Integers.ToReal(b!); // both are numbers
        if (divisor == 0)
            throw Raise.ZeroDivision(a is double || b is double ? "float division by zero" : "division by zero");
        return Integers.ToReal(a!) / divisor;
    }

    public static object? FloorDivide(object? a, object? b)
    {
        RequireNumbers("//", a, b);
        if (a is double || b is double)
        {
            (double quotient, _) = DivideReals(Integers.ToReal(a!), Integers.ToReal(b!)); // both are numbers
            return quotient;
        }

        return Integers.Box(FloorDivide(Integers.ToBig(a!), Integers.ToBig(b!), out _));
    }

    public static object? Modulo(RenderContext context, object? a, object? b)
    {
        if (Strings.TryText(a, out string? format))
        {
            return a is MarkupText
                ? new MarkupText(PercentFormat.Apply(context, format, b, escape: true))
                : PercentFormat.Apply(context, format, b, escape: false);
        }

        RequireNumbers("%", a, b);
        if (a is double || b is double)
        {
            (_, double rest) = DivideReals(Integers.ToReal(a!), Integers.ToReal(b!)); // both are numbers
            return rest;
        }

        FloorDivide(Integers.ToBig(a!), Integers.ToBig(b!), out BigInteger remainder);
        return Integers.Box(remainder);
    }

    public static object? Power(object? a, object? b)
    {
        RequireNumbers("**", a, b);
        if (Integers.IsInteger(a) && Integers.IsInteger(b))
        {
            BigInteger number = Integers.ToBig(a!); // both are numbers
            BigInteger exponent = Integers.ToBig(b!);
            if (exponent.Sign >= 0)
                return Integers.Box(PowerOfIntegers(number, exponent));
        }

        double x = Integers.ToReal(a!);
        double y = Integers.ToReal(b!);
        if (x == 0 && y < 0)
            throw Raise.ZeroDivision("0.0 cannot be raised to a negative power");
        if (x < 0 && double.IsFinite(x) && double.IsFinite(y) && y != Math.Truncate(y))
            throw Raise.Type("a negative number to a fractional power is complex, which templates do not have");
        double power = Math.Pow(x, y);
        if (double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y))
            throw Raise.Overflow("(34, 'Numerical result out of range')");
        return power;
    }

    public static object? Negate(object? value) => value switch
    {
        long number when number != long.MinValue => Integers.Box(-number),
        double real => -real,
        _ when Integers.IsInteger(value) => Integers.Box(-Integers.ToBig(value!)), // an integer is not null
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw Raise.Type($"bad operand type for unary -: '{TypeNames.Of(value)}'"),
    };

    public static object? Plus(object? value) => value switch
    {
        long or double or BigInteger => value,
        bool flag => Integers.Box(flag ? 1 : 0),
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw Raise.Type($"bad operand type for unary +: '{TypeNames.Of(value)}'"),
    };

    /// <summary>Equality of two numbers of any types, exact also where a double cannot hold the integer.</summary>
    public static bool NumbersEqual(object a, object b) => CompareNumbers(a, b) == 0;

    /// <summary>The order of two numbers; null where one is not a number (NaN).</summary>
    public static int? CompareNumbers(object a, object b)
    {
        if (a is long x && b is long y)
            return x.CompareTo(y);
        if (a is double || b is double)
        {
            double left = a is double own ? own : (double)Integers.ToBig(a);
            double right = b is double other ? other : (double)Integers.ToBig(b);
            if (double.IsNaN(left) || double.IsNaN(right))
                return null;
            if (left != right || double.IsInfinity(left) || left != Math.Truncate(left))
                return left.CompareTo(right);
            return Whole(a).CompareTo(Whole(b)); // Equal when rounded to a double: compare exactly.
        }

        return Integers.ToBig(a).CompareTo(Integers.ToBig(b));
    }

    public static void RequireDefined(object? a, object? b)
    {
        if (a is UndefinedValue left)
            throw left.Error();
        if (b is UndefinedValue right)
            throw right.Error();
    }

    private static BigInteger Whole(object value) =>
        value is double real ? new BigInteger(real) : Integers.ToBig(value);

    private static PythonException Unsupported(string symbol, object? a, object? b) =>
        Raise.Type($"unsupported operand type(s) for {symbol}: '{TypeNames.Of(a)}' and '{TypeNames.Of(b)}'");

    private static void RequireNumbers(string symbol, object? a, object? b)
    {
        RequireDefined(a, b);
        if (!Integers.IsNumber(a) || !Integers.IsNumber(b))
            throw Unsupported(symbol == "**" ? "** or pow()" : symbol, a, b);
    }

    private static string Concat(RenderContext context, string a, string b)
    {
        context.ChargeText((long)a.Length + b.Length);
        return string.Concat(a, b);
    }

    private static MarkupText AddMarkup(RenderContext context, object? a, string left, object? b, string right) =>
        new(Concat(context, a is MarkupText ? left : Html.Escape(left), b is MarkupText ? right : Html.Escape(right)));

    private static object?[] Joined(RenderContext context, object?[] a, object?[] b)
    {
        context.Charge((long)a.Length + b.Length);
        return [.. a, .. b];
    }

    private static bool IsRepeatable(object? value) => value is string or MarkupText or SequenceValue;

    private static object Repeat(RenderContext context, object value, int count)
    {
        count = Math.Max(count, 0);
        if (value is SequenceValue sequence)
        {
            long length = (long)sequence.Items.Length * count;
            if (length > TemplateLimits.ListItems)
                throw Raise.Limit($"a list is limited to {TemplateLimits.ListItems} items");
            context.Charge(length);
            var items = new object?[length];
            for (int i = 0; i < items.Length; i++)
                items[i] = sequence.Items[i % sequence.Items.Length];
            return value is ListValue ? new ListValue(items) : new TupleValue(items);
        }

        string text = value is MarkupText markup ? markup.Text : (string)value;
        if (text.Length == 0)
            return value;
        context.ChargeText((long)text.Length * count);
        string repeated = text.Length == 1 ? new string(text[0], count) : string.Concat(Enumerable.Repeat(text, count));
        return value is MarkupText ? new MarkupText(repeated) : repeated;
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b, out BigInteger remainder)
    {
        if (b.IsZero)
            throw Raise.ZeroDivision("integer division or modulo by zero");
        BigInteger quotient = BigInteger.DivRem(a, b, out remainder);
        if (!remainder.IsZero && remainder.Sign != b.Sign)
        {
            quotient -= 1;
            remainder += b;
        }

        return quotient;
    }

    /// <summary>
    /// CPython's <c>float_divmod</c>: the remainder takes the divisor's sign, the quotient is its floor.
    /// </summary>
    private static (double Quotient, double Remainder) DivideReals(double a, double b)
    {
        if (b == 0)
            throw Raise.ZeroDivision("float floor division by zero");
        double rest = a % b;
        double quotient = (a - rest) / b;
        if (rest == 0)
            rest = Math.CopySign(0, b);
        else if ((b < 0) != (rest < 0))
        {
            rest += b;
            quotient -= 1;
        }

        if (quotient == 0)
            return (Math.CopySign(0, a / b), rest);
        double floor = Math.Floor(quotient);
        return (quotient - floor > 0.5 ? floor + 1 : floor, rest);
    }

    private static BigInteger PowerOfIntegers(BigInteger number, BigInteger exponent)
    {
        if (exponent.IsZero || number.IsOne)
            return BigInteger.One;
        if (number.IsZero)
            return number;
        if (number == BigInteger.MinusOne)
            return exponent.IsEven ? BigInteger.One : number;
        if (exponent * Math.Max(1, (long)number.GetBitLength() - 1) > TemplateLimits.IntegerBits)
            throw Raise.Limit($"an integer is limited to {TemplateLimits.IntegerDigits} digits");
        return BigInteger.Pow(number, (int)exponent);
    }
}
