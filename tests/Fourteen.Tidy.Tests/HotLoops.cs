using System.Text.RegularExpressions;

namespace Fourteen.Tidy.Tests;

/// <summary>
/// Finds the loops that must be compiled at full strength from their first call: static methods that take a pointer and
/// hold a loop. Without the attribute, tier 0 or a precompiled body without AVX would run them first.
/// </summary>
internal static partial class HotLoops
{
    /// <summary>Methods without <c>AggressiveOptimization</c>, or <c>AggressiveInlining</c> into one that has it.
    /// </summary>
    public static IEnumerable<string> FindUnmarked(SourceFile file) =>
        from Match method in PointerMethod().Matches(file.Code)
        where Loop().IsMatch(BodyOf(file.Code, method.Index + method.Length))
            && !Mark().IsMatch(method.Groups["attributes"].Value)
            && !method.Groups["name"].Value.Contains("Scalar", StringComparison.Ordinal) // Defines; is not hot.
        select file.Describe(method.Groups["name"].Index);

    /// <summary>From the first brace to its counterpart; empty for a method that is one expression.</summary>
    private static string BodyOf(string code, int after)
    {
        int start = code.AsSpan(after).IndexOfAny('{', ';') + after;
        if (start < after || code[start] == ';')
            return "";
        int depth = 0;
        for (int at = start; at < code.Length; at++)
        {
            depth += code[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
                return code[start..at];
        }

        return code[start..];
    }

    [GeneratedRegex(
        @"(?<attributes>(^[ \t]*\[[^\n]*\][ \t]*\n)*)^[ \t]+((public|internal|private|unsafe)\s+)*static\s[^(){};=]*?"
        + @"(?<name>\w+)(<[^>()]*>)?\([^()]*\w\*+\s[^()]*\)",
        RegexOptions.Multiline)]
    private static partial Regex PointerMethod();

    [GeneratedRegex(@"\b(for|while|do)\b")]
    private static partial Regex Loop();

    [GeneratedRegex("AggressiveOptimization|AggressiveInlining")]
    private static partial Regex Mark();
}
