using System.Collections.Concurrent;
using System.Globalization;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Patterns;

/// <summary>The named sets of characters: ECMAScript's, and Unicode's general categories.</summary>
internal static class CharacterClasses
{
    private static readonly string[] _short =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Dictionary<string, string> _long = new(StringComparer.Ordinal)
    {
        ["Letter"] = "L",
        ["Cased_Letter"] = "LC",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Titlecase_Letter"] = "Lt",
        ["Modifier_Letter"] = "Lm",
        ["Other_Letter"] = "Lo",
        ["Mark"] = "M",
        ["Nonspacing_Mark"] = "Mn",
        ["Spacing_Mark"] = "Mc",
        ["Enclosing_Mark"] = "Me",
        ["Number"] = "N",
        ["Decimal_Number"] = "Nd",
        ["digit"] = "Nd",
        ["Letter_Number"] = "Nl",
        ["Other_Number"] = "No",
        ["Punctuation"] = "P",
        ["punct"] = "P",
        ["Connector_Punctuation"] = "Pc",
        ["Dash_Punctuation"] = "Pd",
        ["Open_Punctuation"] = "Ps",
        ["Close_Punctuation"] = "Pe",
        ["Initial_Punctuation"] = "Pi",
        ["Final_Punctuation"] = "Pf",
        ["Other_Punctuation"] = "Po",
        ["Symbol"] = "S",
        ["Math_Symbol"] = "Sm",
        ["Currency_Symbol"] = "Sc",
        ["Modifier_Symbol"] = "Sk",
        ["Other_Symbol"] = "So",
        ["Separator"] = "Z",
        ["Space_Separator"] = "Zs",
        ["Line_Separator"] = "Zl",
        ["Paragraph_Separator"] = "Zp",
        ["Other"] = "C",
        ["Control"] = "Cc",
        ["cntrl"] = "Cc",
        ["Format"] = "Cf",
        ["Private_Use"] = "Co",
        ["Unassigned"] = "Cn",
    };

    private static readonly ConcurrentDictionary<string, CodePointSet> _made = new(StringComparer.Ordinal);

    public static CodePointSet Digits { get; } = CodePointSet.Range('0', '9');

    public static CodePointSet Words { get; } =
        CodePointSet.From([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    /// <summary>White space and line ends of ECMAScript.</summary>
    public static CodePointSet Spaces { get; } = CodePointSet.From(
    [
        (0x09, 0x0d), (0x20, 0x20), (0xa0, 0xa0), (0x1680, 0x1680), (0x2000, 0x200a), (0x2028, 0x2029),
        (0x202f, 0x202f), (0x205f, 0x205f), (0x3000, 0x3000), (0xfeff, 0xfeff),
    ]);

    /// <summary>The dot: all but the ends of lines.</summary>
    public static CodePointSet Dot { get; } =
        CodePointSet.All.Without(CodePointSet.Of('\n', '\r', 0x2028, 0x2029));

    /// <summary>A general category by its short or long name, or null.</summary>
    public static CodePointSet? Category(string name)
    {
        foreach (string prefix in (string[])["General_Category=", "gc="])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                name = name[prefix.Length..];
        }

        string key = _long.GetValueOrDefault(name, name);
        if (key == "Any")
            return CodePointSet.All;
        bool isKnown = key == "LC"
            || Array.Exists(_short, code => code == key || (key.Length == 1 && code[0] == key[0]));
        return isKnown ? _made.GetOrAdd(key, Make) : null;
    }

    private static CodePointSet Make(string key)
    {
        var ranges = new List<(int, int)>();
        int from = -1;
        for (int codePoint = 0; codePoint <= CodePointSet.Last + 1; codePoint++)
        {
            bool isMember = codePoint <= CodePointSet.Last
                && IsMember(CharUnicodeInfo.GetUnicodeCategory(codePoint), key);
            if (isMember && from < 0)
                from = codePoint;
            if (isMember || from < 0)
                continue;
            ranges.Add((from, codePoint - 1));
            from = -1;
        }

        return CodePointSet.From(ranges);
    }

    private static bool IsMember(UnicodeCategory category, string key)
    {
        string code = _short[(int)category];
        return key == "LC" ? code is "Lu" or "Ll" or "Lt" : code.StartsWith(key, StringComparison.Ordinal);
    }
}
