using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Tidy.Tests;

/// <summary>Rules that cap the tail of the distribution: the long files and methods that everybody must read.</summary>
public sealed partial class SizeRules
{
    private const int FileLinesMax = 500;
    private const int LineColumnsMax = 120;

    /// <summary>
    /// Files that may switch off the analyzer's limit of 70 lines for a method (MA0051). The list may only shrink.
    /// </summary>
    private static readonly string[] LongMethods = [];

    [Fact]
    public void Files_OfCode_HaveAtMost500Lines()
    {
        Rule.Holds(
            $"A file has at most {FileLinesMax} lines: split it by idea.",
            SourceTree.Code.Where(file => LineCount(file) > FileLinesMax)
                .Select(file => $"{file.Path}:{FileLinesMax + 1}: {LineCount(file)} lines"));
    }

    [Fact]
    public void Lines_OfCode_HaveAtMost120Columns()
    {
        Rule.Holds(
            $"A line has at most {LineColumnsMax} columns.",
            from file in SourceTree.Code.Concat(SourceTree.Text.Where(file => file.Path.StartsWith(".ci/")))
            from line in file.Lines.Index()
            let columns = line.Item.EnumerateRunes().Count()
            where columns > LineColumnsMax
            select $"{file.Path}:{line.Index + 1}: {columns} columns");
    }

    [Fact]
    public void MethodLimit_IsSwitchedOff_OnlyWhereListed()
    {
        string[] found =
        [
            .. SourceTree.Text.Where(file => file.Name != nameof(SizeRules) && MentionsMethodLimit(file))
                .Select(file => file.Path),
        ];

        Rule.Holds(
            "A method has at most 70 lines (MA0051); no other file may switch that off.", found.Except(LongMethods));
        Rule.Holds("A file that no longer switches MA0051 off leaves the list.", LongMethods.Except(found));
    }

    /// <summary>The rule itself stands in the root's .editorconfig, and prose may speak of it.</summary>
    private static bool MentionsMethodLimit(SourceFile file) =>
        file.Path != ".editorconfig" && !file.Path.EndsWith(".md", StringComparison.Ordinal)
        && MethodLimit().IsMatch(file.Text);

    private static int LineCount(SourceFile file) => file.Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    [GeneratedRegex("MA0051")]
    private static partial Regex MethodLimit();
}
