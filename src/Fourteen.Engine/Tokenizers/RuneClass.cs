using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>What pre-tokenizers tell apart, from the Unicode general category.</summary>
[Flags]
internal enum RuneClass : byte
{
    None = 0,

    /// <summary>Lu, Lt.</summary>
    Upper = 1,

    /// <summary>Ll.</summary>
    Lower = 2,

    /// <summary>Lm, Lo.</summary>
    Caseless = 4,

    /// <summary>Mn, Mc, Me.</summary>
    Mark = 8,

    /// <summary>Nd, Nl, No.</summary>
    Number = 16,

    /// <summary>White_Space: U+0009–000D, U+0085 and the separators Zs, Zl, Zp.</summary>
    Space = 32,

    /// <summary>The P categories.</summary>
    Punctuation = 64,

    /// <summary>Symbols, controls, unassigned, private use.</summary>
    Other = 128,

    /// <summary>\p{L}</summary>
    Letter = Upper | Lower | Caseless,
}

/// <summary>Classes of code points, from .NET's own Unicode data, which does not depend on ICU.</summary>
internal static class RuneClasses
{
    private static readonly RuneClass[] _ofCategory = MakeCategoryTable();
    private static readonly RuneClass[] _ofAscii = MakeAsciiTable();

    /// <summary>
    /// The class of the character at <paramref name="index"/> of valid UTF-8, and its length in bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RuneClass At(ReadOnlySpan<byte> text, int index, out int length)
    {
        byte lead = text[index];
        if (lead < 0x80)
        {
            length = 1;
            return _ofAscii[lead];
        }

        return Of(Utf8Rune.Read(text, index, out length));
    }

    private static RuneClass Of(int point) =>
        point is (>= 0x09 and <= 0x0D) or 0x85
            ? RuneClass.Space
            : _ofCategory[(int)CharUnicodeInfo.GetUnicodeCategory(point)];

    private static RuneClass[] MakeAsciiTable()
    {
        var table = new RuneClass[128];
        for (int point = 0; point < table.Length; point++)
            table[point] = Of(point);
        return table;
    }

    private static RuneClass[] MakeCategoryTable()
    {
        var table = new RuneClass[30];
        foreach (UnicodeCategory category in Enum.GetValues<UnicodeCategory>())
        {
            table[(int)category] = category switch
            {
                UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => RuneClass.Upper,
                UnicodeCategory.LowercaseLetter => RuneClass.Lower,
                UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => RuneClass.Caseless,
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                    or UnicodeCategory.EnclosingMark => RuneClass.Mark,
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
                    or UnicodeCategory.OtherNumber => RuneClass.Number,
                UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator => RuneClass.Space,
                UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
                    or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
                    or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
                    or UnicodeCategory.OtherPunctuation => RuneClass.Punctuation,
                _ => RuneClass.Other,
            };
        }

        return table;
    }
}
