namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// How a family cuts text before merging, and what else its name in a GGUF file (<c>tokenizer.ggml.pre</c>) implies.
/// </summary>
/// <param name="Names">The names in <c>tokenizer.ggml.pre</c>.</param>
/// <param name="Stages">The scanners, each applied inside the pieces of the one before.</param>
/// <param name="IgnoreMerges">A piece that is a token as a whole becomes that token without merging.</param>
/// <param name="AddBos">Whether BOS is added where the file has no <c>tokenizer.ggml.add_bos_token</c>.</param>
internal sealed record PreTokenizer(string[] Names, Scanner[] Stages, bool IgnoreMerges = false, bool AddBos = false);

/// <summary>The table of pre-tokenizers: one row a family, and one row a pattern of <c>tokenizer.json</c>.</summary>
internal static class PreTokenizers
{
    private const string Gpt2Pattern =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Cl100kStart = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}";
    private const string Cl100kEnd = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string TekkenPattern =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
        + @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
        + @"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly PreTokenizer[] _byName =
    [
        new(["gpt-2"], [Scanners.Gpt2]),
        new(["qwen2", "deepseek-r1-qwen"], [Scanners.Qwen2]),
        new(["llama-bpe", "llama3", "llama-v3"], [Scanners.Llama3], IgnoreMerges: true, AddBos: true),
        new(["smollm"], [Scanners.SingleDigits, Scanners.Gpt2]),
        new(["tekken"], [Scanners.Tekken], IgnoreMerges: true, AddBos: true),
        new(["falcon"], [Scanners.PunctuationRuns, Scanners.Gpt2, Scanners.DigitTriples]),
    ];

    private static readonly (string Pattern, Scanner Scanner)[] _byPattern =
    [
        (Gpt2Pattern, Scanners.Gpt2),
        (Cl100kStart + Cl100kEnd, Scanners.Qwen2),
        (Cl100kStart + "{1,3}" + Cl100kEnd, Scanners.Llama3),
        (TekkenPattern, Scanners.Tekken),
        ("[0-9][0-9][0-9]", Scanners.DigitTriples),
    ];

    /// <summary>The family of this name, or null.</summary>
    internal static PreTokenizer? FindByName(string name) =>
        Array.Find(_byName, row => row.Names.Contains(name, StringComparer.Ordinal));

    /// <summary>Every name, for messages.</summary>
    internal static string KnownNames => string.Join(", ", _byName.SelectMany(row => row.Names));

    /// <summary>The scanner of this regular expression, compared as text, or null.</summary>
    internal static Scanner? FindByPattern(string pattern) =>
        Array.Find(_byPattern, row => string.Equals(row.Pattern, pattern, StringComparison.Ordinal)).Scanner;
}
