using System.Numerics;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// The texts of numbers. Digits are limited, so that no model writes them for ever; integers have no point and no
/// exponent, and numbers with bounds no exponent, which a set of texts can then compare.
/// </summary>
internal static class NumberText
{
    /// <summary>The largest <c>multipleOf</c>, as digits without the point: its remainders are states.</summary>
    public const int ModulusMax = 10_000;

    public static Expression Integer(ExpressionTable table) => table.Or(
    [
        table.Byte('0'),
        table.Concat(table.Optional(table.Byte('-')), PositiveInteger(table)),
    ]);

    public static Expression Number(ExpressionTable table)
    {
        Expression exponent = table.Concat(
            table.Bytes(ByteSet.Of((byte)'e') | ByteSet.Of((byte)'E')),
            table.Optional(table.Bytes(ByteSet.Of((byte)'+') | ByteSet.Of((byte)'-'))),
            table.Repeat(Digit(table), 1, ConstraintLimits.ExponentDigitsMax));
        return table.Concat(
            table.Optional(table.Byte('-')), Whole(table), table.Optional(Fraction(table)), table.Optional(exponent));
    }

    /// <summary>Numbers within bounds, of which the strict ones are not met.</summary>
    public static Expression Bounded(ExpressionTable table, NumberCase numbers)
    {
        Expression syntax = numbers.IsInteger
            ? Whole(table)
            : table.Concat(Whole(table), table.Optional(Fraction(table)));
        List<Expression> demands = [syntax];
        foreach (ExactDecimal multiple in numbers.MultiplesOf)
        {
            demands.Add(table.Intern(
                new MultipleExpression((int)multiple.Digits, multiple.Places, remainder: 0, inFraction: false)));
        }

        NumberBound zero = new(new ExactDecimal(0, 0), IsStrict: false);
        NumberBound? min = numbers.Min;
        NumberBound? max = numbers.Max;
        // Of positive numbers the magnitude is the number, of negative ones the bounds change sides; -0 is not written.
        Expression positive = Magnitude(table, demands, Larger(min, zero), max);
        Expression negative = Magnitude(table, demands, Larger(Flip(max), zero with { IsStrict = true }), Flip(min));
        return table.Or([positive, table.Concat(table.Byte('-'), negative)]);
    }

    private static NumberBound? Flip(NumberBound? bound) =>
        bound is { } value ? value with { Value = value.Value.Negated } : null;

    private static NumberBound Larger(NumberBound? bound, NumberBound other)
    {
        if (bound is not { } value)
            return other;
        int order = value.Value.CompareTo(other.Value);
        return order > 0 || (order == 0 && value.IsStrict) ? value : other;
    }

    private static Expression Magnitude(
        ExpressionTable table, List<Expression> demands, NumberBound min, NumberBound? max)
    {
        List<Expression> all = [.. demands];
        if (min.Value.Digits > 0 || min.IsStrict)
            all.Add(AtLeast(table, min));
        if (max is { } most)
        {
            if (most.Value.Digits < 0)
                return table.Nothing;
            all.Add(AtMost(table, most));
        }

        return EmptinessSearch.Prune(table, table.And(all));
    }

    private static Expression AtLeast(ExpressionTable table, NumberBound bound)
    {
        (string whole, string fraction) = bound.Value.Text();
        Expression digit = Digit(table);
        Expression anyFraction = AnyFraction(table);
        List<Expression> ways =
        [
            table.Concat(
                Digits(table, '1', '9'), table.Repeat(digit, whole.Length, RepeatExpression.Unbounded), anyFraction),
        ];
        for (int i = 0; i < whole.Length; i++)
        {
            ways.Add(table.Concat(
                Literal(table, whole[..i]), Digits(table, (char)(whole[i] + 1), '9'),
                table.Repeat(digit, whole.Length - i - 1, whole.Length - i - 1), anyFraction));
        }

        Expression more = bound.IsStrict
            ? table.Concat(table.Star(table.Byte('0')), Digits(table, '1', '9'), table.Star(digit))
            : table.Star(digit);
        Expression rest = more;
        for (int i = fraction.Length - 1; i >= 0; i--)
        {
            rest = table.Or(
            [
                table.Concat(Digits(table, (char)(fraction[i] + 1), '9'), table.Star(digit)),
                table.Concat(table.Byte(fraction[i]), rest),
            ]);
        }

        bool mayEnd = fraction.Length == 0 && !bound.IsStrict;
        Expression equal = table.Concat(table.Byte('.'), rest);
        ways.Add(table.Concat(Literal(table, whole), mayEnd ? table.Optional(equal) : equal));
        return table.Or(ways);
    }

    private static Expression AtMost(ExpressionTable table, NumberBound bound)
    {
        (string whole, string fraction) = bound.Value.Text();
        Expression digit = Digit(table);
        Expression anyFraction = AnyFraction(table);
        List<Expression> ways = [];
        if (whole.Length > 1)
        {
            Expression shorter = table.Concat(Digits(table, '1', '9'), table.Repeat(digit, 0, whole.Length - 2));
            ways.Add(table.Concat(table.Or([table.Byte('0'), shorter]), anyFraction));
        }

        for (int i = 0; i < whole.Length; i++)
        {
            char least = i == 0 && whole.Length > 1 ? '1' : '0';
            ways.Add(table.Concat(
                Literal(table, whole[..i]), Digits(table, least, (char)(whole[i] - 1)),
                table.Repeat(digit, whole.Length - i - 1, whole.Length - i - 1), anyFraction));
        }

        ways.Add(table.Concat(Literal(table, whole), AtMostFraction(table, fraction, bound.IsStrict)));
        return table.Or(ways);
    }

    /// <summary>A shorter fraction with the same digits is smaller, since the bound's last digit is not zero.</summary>
    private static Expression AtMostFraction(ExpressionTable table, string fraction, bool isStrict)
    {
        Expression zeros = isStrict ? table.Nothing : table.Star(table.Byte('0'));
        if (fraction.Length == 0)
        {
            return isStrict
                ? table.Nothing
                : table.Optional(table.Concat(table.Byte('.'), table.Byte('0'), zeros));
        }

        Expression rest = zeros;
        for (int i = fraction.Length - 1; i >= 0; i--)
        {
            Expression smaller = table.Concat(
                Digits(table, '0', (char)(fraction[i] - 1)), table.Star(Digit(table)));
            Expression equal = table.Concat(table.Byte(fraction[i]), rest);
            rest = i == 0 ? table.Or([smaller, equal]) : table.Or([table.Empty, smaller, equal]);
        }

        return table.Optional(table.Concat(table.Byte('.'), rest));
    }

    private static Expression Whole(ExpressionTable table) => table.Or([table.Byte('0'), PositiveInteger(table)]);

    private static Expression PositiveInteger(ExpressionTable table) => table.Concat(
        Digits(table, '1', '9'), table.Repeat(Digit(table), 0, ConstraintLimits.DigitsMax - 1));

    private static Expression Fraction(ExpressionTable table) =>
        table.Concat(table.Byte('.'), table.Repeat(Digit(table), 1, ConstraintLimits.DigitsMax));

    private static Expression AnyFraction(ExpressionTable table) =>
        table.Optional(table.Concat(table.Byte('.'), table.Star(Digit(table))));

    private static Expression Digit(ExpressionTable table) => Digits(table, '0', '9');

    private static Expression Digits(ExpressionTable table, char low, char high) =>
        low > high ? table.Nothing : table.Bytes(ByteSet.Range((byte)low, (byte)high));

    private static Expression Literal(ExpressionTable table, string ascii) =>
        table.Literal(System.Text.Encoding.ASCII.GetBytes(ascii));
}
