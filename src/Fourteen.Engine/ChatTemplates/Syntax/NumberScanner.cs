using System.Globalization;
using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>
/// Finds the end of a number in a template. Digits may have single underscores between them; a float needs digits after
/// its point or an exponent, so that <c>1.real</c> and <c>x.1.2</c> are an integer and an access.
/// </summary>
internal static class NumberScanner
{
    /// <param name="source">The text.</param>
    /// <param name="at">The position of a digit.</param>
    /// <param name="isReal">True for a float.</param>
    /// <returns>The position after the number.</returns>
    public static int Scan(string source, int at, out bool isReal)
    {
        isReal = false;
        bool afterDot = at > 0 && source[at - 1] == '.';
        int end = Digits(source, at);
        if (!afterDot)
        {
            int real = end;
            if (CharAt(source, real) == '.' && char.IsAsciiDigit(CharAt(source, real + 1)))
                real = Digits(source, real + 1);
            int exponent = Exponent(source, real);
            if (exponent > real || real > end)
            {
                isReal = true;
                return Math.Max(exponent, real);
            }
        }

        return source[at] == '0' ? Prefixed(source, at) : end;
    }

    /// <summary>The value of an integer token.</summary>
    public static object IntegerOf(Token token)
    {
        string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
        if (digits.Length > TemplateLimits.IntegerDigits)
            throw SyntaxException.Limit(token.Line, $"an integer is limited to {TemplateLimits.IntegerDigits} digits");
        if (digits.Length > 1 && digits[0] == '0' && char.IsAsciiLetter(digits[1]))
            return WithBase(token, digits);
        return Integers.Box(BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static object WithBase(Token token, string digits)
    {
        int radix = char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        BigInteger value = BigInteger.Zero;
        foreach (char c in digits.AsSpan(2))
            value = (value * radix) + (char.IsAsciiDigit(c) ? c - '0' : char.ToLowerInvariant(c) - 'a' + 10);
        if (value.GetBitLength() > TemplateLimits.IntegerBits)
            throw SyntaxException.Limit(token.Line, $"an integer is limited to {TemplateLimits.IntegerBits} bits");
        return Integers.Box(value);
    }

    private static int Digits(string source, int at)
    {
        while (char.IsAsciiDigit(CharAt(source, at))
            || (CharAt(source, at) == '_' && char.IsAsciiDigit(CharAt(source, at + 1))))
        {
            at++;
        }

        return at;
    }

    private static int Exponent(string source, int at)
    {
        if (CharAt(source, at) is not ('e' or 'E'))
            return at;
        int digits = CharAt(source, at + 1) is '+' or '-' ? at + 2 : at + 1;
        return char.IsAsciiDigit(CharAt(source, digits)) ? Digits(source, digits) : at;
    }

    /// <summary>A number that begins with 0: with a base, or nothing but zeros.</summary>
    private static int Prefixed(string source, int at)
    {
        Func<char, bool> isDigit = char.ToLowerInvariant(CharAt(source, at + 1)) switch
        {
            'x' => char.IsAsciiHexDigit,
            'o' => static c => c is >= '0' and <= '7',
            'b' => static c => c is '0' or '1',
            _ => static c => c == '0',
        };
        int start = isDigit('1') ? at + 2 : at + 1;
        int end = start;
        while (isDigit(CharAt(source, end)) || (CharAt(source, end) == '_' && isDigit(CharAt(source, end + 1))))
            end++;
        return end == start && start == at + 2 ? at + 1 : end;
    }

    private static char CharAt(string source, int at) => at < source.Length ? source[at] : '\0';
}
