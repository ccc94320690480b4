namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Finds the end of the piece that starts at <paramref name="start"/>. The text is valid UTF-8, <c>start</c> lies
/// before its end and on a character; the result lies after it and on a character.
/// </summary>
internal delegate int Scanner(ReadOnlySpan<byte> text, int start);

/// <summary>
/// The split patterns of tokenizer files as hand-written scanners. Each method repeats the alternatives of its pattern
/// in order, so the first that matches wins, as in a regular expression. .NET's Regex cannot serve: it matches UTF-16
/// units, so that <c>\p{L}</c> misses every letter above U+FFFF. Patterns: qwen3.md, section 7.2 and 7.4.
/// </summary>
internal static class Scanners
{
    private const RuneClass LetterOrNumberOrSpace = RuneClass.Letter | RuneClass.Number | RuneClass.Space;
    private const RuneClass TekkenUpper = RuneClass.Upper | RuneClass.Caseless | RuneClass.Mark;
    private const RuneClass TekkenLower = RuneClass.Lower | RuneClass.Caseless | RuneClass.Mark;

    /// <summary>
    /// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>
    /// </summary>
    internal static int Gpt2(ReadOnlySpan<byte> text, int start)
    {
        int contraction = ContractionLength(text, start, ignoreCase: false);
        if (contraction > 0)
            return start + contraction;

        int body = AfterSpace(text, start);
        RuneClass first = RuneClasses.At(text, body, out int length);
        if (first == RuneClass.Space)
            return WhiteSpaceEnd(text, start);
        if ((first & RuneClass.Letter) != 0)
            return RunEnd(text, body + length, RuneClass.Letter);
        return first == RuneClass.Number
            ? RunEnd(text, body + length, RuneClass.Number)
            : RunEnd(text, body + length, ~LetterOrNumberOrSpace);
    }

    /// <summary>
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|</c><br/>
    /// <c> ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
    /// </summary>
    internal static int Qwen2(ReadOnlySpan<byte> text, int start) => Cl100k(text, start, digitsMax: 1);

    /// <summary>As <see cref="Qwen2"/> with <c>\p{N}{1,3}</c>.</summary>
    internal static int Llama3(ReadOnlySpan<byte> text, int start) => Cl100k(text, start, digitsMax: 3);

    /// <summary>
    /// <c>[^\r\n\p{L}\p{N}]?U*V+|[^\r\n\p{L}\p{N}]?U+V*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|</c><br/>
    /// <c>\s*[\r\n]+|\s+(?!\S)|\s+</c> with U = <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c> and
    /// V = <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>: words are also cut where lower case turns to upper case.
    /// </summary>
    internal static int Tekken(ReadOnlySpan<byte> text, int start)
    {
        RuneClass first = RuneClasses.At(text, start, out int length);
        if (first == RuneClass.Number)
            return start + length;

        // Each word alternative is tried after the optional prefix and, should that fail, without it: a mark can be
        // both.
        int body = start + length;
        bool hasPrefix = (first & RuneClass.Letter) == 0 && text[start] is not ((byte)'\r' or (byte)'\n')
            && body < text.Length;
        int end = hasPrefix ? LowerWordEnd(text, body) : -1;
        if (end < 0)
            end = LowerWordEnd(text, start);
        if (end < 0 && hasPrefix)
            end = UpperWordEnd(text, body);
        if (end < 0)
            end = UpperWordEnd(text, start);
        if (end < 0)
            end = SymbolsEnd(text, start, orSlash: true);
        return end >= 0 ? end : LinesEnd(text, start);
    }

    /// <summary>Every <c>\p{N}</c> alone (Hugging Face's <c>Digits</c> with <c>individual_digits</c>).</summary>
    internal static int SingleDigits(ReadOnlySpan<byte> text, int start) =>
        RuneClasses.At(text, start, out int length) == RuneClass.Number
            ? start + length
            : RunEnd(text, start + length, ~RuneClass.Number);

    /// <summary>Runs of <c>\p{N}</c> and runs of the rest (<c>Digits</c> without <c>individual_digits</c>).</summary>
    internal static int DigitRuns(ReadOnlySpan<byte> text, int start) =>
        RuneClasses.At(text, start, out int length) == RuneClass.Number
            ? RunEnd(text, start + length, RuneClass.Number)
            : RunEnd(text, start + length, ~RuneClass.Number);

    /// <summary>
    /// Runs of punctuation (ASCII punctuation and the P categories) and runs of the rest (Hugging Face's
    /// <c>Punctuation</c>, contiguous).
    /// </summary>
    internal static int PunctuationRuns(ReadOnlySpan<byte> text, int start)
    {
        bool isPunctuation = IsPunctuation(text, start, out int length);
        do
            start += length;
        while (start < text.Length && IsPunctuation(text, start, out length) == isPunctuation);
        return start;
    }

    /// <summary>Cuts before every space that follows something else.</summary>
    internal static int BeforeSpaces(ReadOnlySpan<byte> text, int start)
    {
        int word = text[start..].IndexOfAnyExcept((byte)' ');
        if (word < 0)
            return text.Length;
        int space = text[(start + word)..].IndexOf((byte)' ');
        return space < 0 ? text.Length : start + word + space;
    }

    /// <summary><c>[0-9][0-9][0-9]</c> and what is between.</summary>
    internal static int DigitTriples(ReadOnlySpan<byte> text, int start)
    {
        for (int end = start; end + 3 <= text.Length; end++)
        {
            if (text.Slice(end, 3).IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
                return end == start ? start + 3 : end;
        }

        return text.Length;
    }

    private static int Cl100k(ReadOnlySpan<byte> text, int start, int digitsMax)
    {
        int contraction = ContractionLength(text, start, ignoreCase: true);
        if (contraction > 0)
            return start + contraction;

        RuneClass first = RuneClasses.At(text, start, out int length);
        if ((first & RuneClass.Letter) != 0)
            return RunEnd(text, start + length, RuneClass.Letter);
        if (first == RuneClass.Number)
            return DigitsEnd(text, start + length, digitsMax - 1);

        int next = start + length;
        if (text[start] is not ((byte)'\r' or (byte)'\n') && next < text.Length
            && (RuneClasses.At(text, next, out length) & RuneClass.Letter) != 0)
        {
            return RunEnd(text, next + length, RuneClass.Letter);
        }

        return SymbolsEnd(text, start, orSlash: false) is int end and > 0 ? end : LinesEnd(text, start);
    }

    /// <summary>
    /// The end of <c> ?[^\s\p{L}\p{N}]+[\r\n]*</c> (or <c>[\r\n/]*</c>), or -1 where it does not match.
    /// </summary>
    internal static int SymbolsEnd(ReadOnlySpan<byte> text, int start, bool orSlash)
    {
        int body = AfterSpace(text, start);
        RuneClass first = RuneClasses.At(text, body, out int length);
        if ((first & LetterOrNumberOrSpace) != 0)
            return -1;
        int end = RunEnd(text, body + length, ~LetterOrNumberOrSpace);
        while (end < text.Length && (text[end] is (byte)'\r' or (byte)'\n' || (orSlash && text[end] == '/')))
            end++;
        return end;
    }

    /// <summary>
    /// The end of <c>\s*[\r\n]+|\s+(?!\S)|\s+</c>; the character at <paramref name="start"/> is white space.
    /// </summary>
    internal static int LinesEnd(ReadOnlySpan<byte> text, int start)
    {
        int end = RunEnd(text, start, RuneClass.Space);
        int lastLine = text[start..end].LastIndexOfAny((byte)'\r', (byte)'\n');
        return lastLine >= 0 ? start + lastLine + 1 : BeforeLastSpace(text, start, end);
    }

    /// <summary>
    /// The end of the run of characters of these classes; <paramref name="start"/> where there is none.
    /// </summary>
    internal static int RunEnd(ReadOnlySpan<byte> text, int start, RuneClass classes)
    {
        while (start < text.Length && (RuneClasses.At(text, start, out int length) & classes) != 0)
            start += length;
        return start;
    }

    // U*V+ of Tekken, or -1. U* takes all it can and gives back until a V follows; only what is both can be given back.
    private static int LowerWordEnd(ReadOnlySpan<byte> text, int start)
    {
        int lastBoth = -1;   // the end of the last character that is in U and V
        int at = start;
        while (at < text.Length)
        {
            RuneClass found = RuneClasses.At(text, at, out int length);
            if ((found & TekkenUpper) == 0)
                break;
            at += length;
            if ((found & TekkenLower) != 0)
                lastBoth = at;
        }

        int end = RunEnd(text, at, TekkenLower);
        return end > at ? end : lastBoth;
    }

    // U+V* of Tekken where U*V+ did not match, or -1: no V follows.
    private static int UpperWordEnd(ReadOnlySpan<byte> text, int start)
    {
        int end = RunEnd(text, start, TekkenUpper);
        return end > start ? end : -1;
    }

    // \s+(?!\S)|\s+
    private static int WhiteSpaceEnd(ReadOnlySpan<byte> text, int start) =>
        BeforeLastSpace(text, start, RunEnd(text, start, RuneClass.Space));

    // Where something follows the run, its last character is left to be that piece's prefix, unless it is the only one.
    private static int BeforeLastSpace(ReadOnlySpan<byte> text, int start, int end)
    {
        if (end == text.Length)
            return end;
        int last = Utf8Rune.StartBefore(text, end);
        return last > start ? last : end;
    }

    private static bool IsPunctuation(ReadOnlySpan<byte> text, int index, out int length)
    {
        RuneClass found = RuneClasses.At(text, index, out length);
        // Of ASCII's punctuation Unicode calls $ + < = > ^ ` | ~ symbols.
        return found == RuneClass.Punctuation || (found == RuneClass.Other && text[index] is > 0x20 and < 0x7F);
    }

    private static int DigitsEnd(ReadOnlySpan<byte> text, int start, int countMax)
    {
        for (; countMax > 0 && start < text.Length; countMax--)
        {
            if (RuneClasses.At(text, start, out int length) != RuneClass.Number)
                break;
            start += length;
        }

        return start;
    }

    // The place after one optional U+0020 that is not the last character.
    private static int AfterSpace(ReadOnlySpan<byte> text, int start) =>
        text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;

    // 's 't 'm 'd have length 2, 're 've 'll have 3. Case is ignored in ASCII only: 'ſ (U+017F) is no contraction.
    private static int ContractionLength(ReadOnlySpan<byte> text, int start, bool ignoreCase)
    {
        if (text[start] != '\'' || start + 1 >= text.Length)
            return 0;
        int fold = ignoreCase ? 0x20 : 0;
        int first = text[start + 1] | fold;
        if (first is 's' or 't' or 'm' or 'd')
            return 2;
        int second = start + 2 < text.Length ? text[start + 2] | fold : 0;
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
