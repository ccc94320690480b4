using System.Globalization;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The methods of Python's str that ask something about it.</summary>
internal static class StringTests
{
    /// <summary>The ideographs that stand for a number (kNumericValue of Unicode's Unihan), below U+10000.</summary>
    private const string NumericIdeographs =
        "㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍"
        + "弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零參拾兩零六陸什";

    public static readonly Dictionary<string, BuiltIn> Table = BuiltIn.Table(
        new("startswith", "self, prefix, start=None, end=None, /", static (c, v) => Affix(c, v, atStart: true)),
        new("endswith", "self, suffix, start=None, end=None, /", static (c, v) => Affix(c, v, atStart: false)),
        new("find", "self, sub, start=None, end=None, /", static (c, v) => Integers.Box(Find(c, v, fromRight: false))),
        new("rfind", "self, sub, start=None, end=None, /", static (c, v) => Integers.Box(Find(c, v, fromRight: true))),
        new("index", "self, sub, start=None, end=None, /", static (c, v) => Index(c, v, fromRight: false)),
        new("rindex", "self, sub, start=None, end=None, /", static (c, v) => Index(c, v, fromRight: true)),
        new("count", "self, sub, start=None, end=None, /", Count),
        new("isalpha", "self, /", static (c, v) => All(c, v, Strings.IsLetter)),
        new("isdigit", "self, /", static (c, v) => All(c, v, IsDigit)),
        new("isdecimal", "self, /", static (c, v) => All(c, v, IsDecimal)),
        new("isnumeric", "self, /", static (c, v) => All(c, v, IsNumeric)),
        new("isalnum", "self, /", static (c, v) => All(c, v, static p => Strings.IsLetter(p) || IsNumeric(p))),
        new("isspace", "self, /", static (c, v) => All(c, v, static p => p < 0x10000 && Strings.IsSpace((char)p))),
        new("isprintable", "self, /", static (c, v) =>
            Boxes.Of(StringMethods.Text(v[0]).Length == 0 || All(c, v, Strings.IsPrintable) is true)),
        new("isascii", "self, /", static (c, v) => Boxes.Of(System.Text.Ascii.IsValid(StringMethods.Self(c, v)))),
        new("isidentifier", "self, /", static (c, v) => Boxes.Of(Strings.IsIdentifier(StringMethods.Self(c, v)))),
        new("isupper", "self, /", static (c, v) => Boxes.Of(IsUpper(StringMethods.Self(c, v)))),
        new("islower", "self, /", static (c, v) => Boxes.Of(IsLower(StringMethods.Self(c, v)))),
        new("istitle", "self, /", static (c, v) => Boxes.Of(IsTitle(StringMethods.Self(c, v)))));

    /// <summary>At least one letter with case, and none of lower or title case.</summary>
    public static bool IsUpper(string text) =>
        AllCased(text, CaseMapping.IsUpper, static p => CaseMapping.IsLower(p) || IsTitleCase(p));

    /// <summary>At least one letter with case, and none of upper or title case.</summary>
    public static bool IsLower(string text) =>
        AllCased(text, CaseMapping.IsLower, static p => CaseMapping.IsUpper(p) || IsTitleCase(p));

    private static object? Affix(RenderContext context, object?[] values, bool atStart)
    {
        string text = StringMethods.Text(values[0]);
        if (values[2] is not null || values[3] is not null)
            context.ChargeText(text.Length);
        Hashing.Charge(context, values[1]);
        ReadOnlySpan<char> window = Window(text, values, out bool isValid, out _);
        if (values[1] is not TupleValue choices)
            return Boxes.Of(isValid && HasAffix(window, StringMethods.Text(values[1]), atStart));
        context.Charge(choices.Items.Length);
        foreach (object? choice in choices.Items)
        {
            if (isValid && HasAffix(window, StringMethods.Text(choice), atStart))
                return Boxes.True;
        }

        return Boxes.False;
    }

    private static bool HasAffix(ReadOnlySpan<char> text, string affix, bool atStart) =>
        atStart ? text.StartsWith(affix, StringComparison.Ordinal) : text.EndsWith(affix, StringComparison.Ordinal);

    /// <summary>The part of the text between the start and end arguments, which count code points.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">The arguments, start and end at 2 and 3.</param>
    /// <param name="isValid">False where the start lies behind the end: then not even "" is found.</param>
    /// <param name="startUnit">Where the part begins.</param>
    private static ReadOnlySpan<char> Window(string text, object?[] values, out bool isValid, out int startUnit)
    {
        isValid = true;
        startUnit = 0;
        if (values[2] is null && values[3] is null)
            return text;
        int length = CodePoints.Count(text);
        int end = StringMethods.Bound(values[3], length, length);
        int start = values[2] is null ? 0 : Integers.Argument(values[2]);
        start = start < 0 ? Math.Max(0, start + length) : start;
        isValid = start <= end;
        if (!isValid)
            return default;
        startUnit = CodePoints.UnitOf(text, start);
        return text.AsSpan(startUnit, CodePoints.UnitOf(text, end) - startUnit);
    }

    private static long Find(RenderContext context, object?[] values, bool fromRight)
    {
        string text = StringMethods.Self(context, values);
        ReadOnlySpan<char> window = Window(text, values, out bool isValid, out int startUnit);
        string part = StringMethods.Text(values[1]);
        if (!isValid)
            return -1;
        int at = fromRight ? TextSearch.LastIndexOf(window, part) : TextSearch.IndexOf(window, part);
        return at < 0 ? -1 : CodePoints.Count(text.AsSpan(0, startUnit + at));
    }

    private static object Index(RenderContext context, object?[] values, bool fromRight)
    {
        long at = Find(context, values, fromRight);
        return at < 0 ? throw Raise.Value("substring not found") : Integers.Box(at);
    }

    private static object Count(RenderContext context, object?[] values)
    {
        string text = StringMethods.Self(context, values);
        ReadOnlySpan<char> window = Window(text, values, out bool isValid, out _);
        string part = StringMethods.Text(values[1]);
        if (!isValid)
            return Integers.Box(0);
        return Integers.Box(part.Length == 0 ? CodePoints.Count(window) + 1L : TextSearch.Count(window, part));
    }

    private static object All(RenderContext context, object?[] values, Func<int, bool> holds)
    {
        string text = StringMethods.Self(context, values);
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            if (!holds(CodePoints.ValueAt(text, i)))
                return Boxes.False;
        }

        return Boxes.Of(text.Length > 0);
    }

    private static bool AllCased(string text, Func<int, bool> fits, Func<int, bool> spoils)
    {
        bool any = false;
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            if (spoils(codePoint))
                return false;
            any |= fits(codePoint);
        }

        return any;
    }

    private static bool IsTitle(string text)
    {
        bool any = false;
        bool afterCased = false;
        for (int i = 0; i < text.Length; i += CodePoints.UnitsAt(text, i))
        {
            int codePoint = CodePoints.ValueAt(text, i);
            bool starts = CaseMapping.IsUpper(codePoint) || IsTitleCase(codePoint);
            bool goesOn = CaseMapping.IsLower(codePoint);
            if ((starts && afterCased) || (goesOn && !afterCased))
                return false;
            afterCased = starts || goesOn;
            any |= afterCased;
        }

        return any;
    }

    private static bool IsTitleCase(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.TitlecaseLetter;

    private static bool IsDecimal(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>Decimals, and digits such as ², ① and ❶.</summary>
    private static bool IsDigit(int codePoint) =>
        IsDecimal(codePoint) || (codePoint >= 0x80 && CharUnicodeInfo.GetDigitValue(Text(codePoint), 0) >= 0);

    /// <summary>Digits, fractions, numerals, and ideographs that stand for a number.</summary>
    private static bool IsNumeric(int codePoint) =>
        codePoint < 0x80
            ? char.IsAsciiDigit((char)codePoint)
            : Strings.IsNumeric(codePoint)
                || (codePoint < 0x10000 && NumericIdeographs.Contains((char)codePoint, StringComparison.Ordinal));

    private static string Text(int codePoint) =>
        codePoint is >= 0xD800 and <= 0xDFFF ? " " : char.ConvertFromUtf32(codePoint);
}
