using System.Text.RegularExpressions;

namespace Fourteen.Tidy.Tests;

/// <summary>One text file, and for C# also its code without comments and literals.</summary>
internal sealed class SourceFile
{
    private readonly Lazy<string> _code;

    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        _code = new Lazy<string>(() => CodeText.WithoutCommentsAndLiterals(Text));
    }

    /// <summary>From the root of the repository, with forward slashes.</summary>
    public string Path { get; }

    public string Text { get; }

    /// <summary>The same length and lines as <see cref="Text"/>; comments and literals are blanks.</summary>
    public string Code => _code.Value;

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public bool IsProduct => Path.StartsWith("src/", StringComparison.Ordinal);

    public string[] Lines => Text.Split('\n');

    /// <summary>Where <paramref name="rule"/> matches in the code, as <c>path:line: what stands there</c>.</summary>
    public IEnumerable<string> FindInCode(Regex rule) => rule.Matches(Code).Select(match => Describe(match.Index));

    /// <summary>Where <paramref name="rule"/> matches in the whole text.</summary>
    public IEnumerable<string> FindInText(Regex rule) => rule.Matches(Text).Select(match => Describe(match.Index));

    /// <summary>Place and content of the line that holds <paramref name="index"/>.</summary>
    public string Describe(int index)
    {
        int line = Text.AsSpan(0, index).Count('\n');
        return $"{Path}:{line + 1}: {Lines[line].Trim()}";
    }
}
