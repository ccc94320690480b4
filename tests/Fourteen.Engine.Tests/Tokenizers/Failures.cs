using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>
/// Counts the rows of one golden file and keeps the first failures, so that one test tells all of them.
/// </summary>
internal sealed class Failures(string file)
{
    private const int Shown = 5;

    private readonly List<string> _first = [];
    private int _failed;
    private int _rows;

    internal void Check(int row, bool holds, Func<string> describe)
    {
        _rows++;
        if (holds)
            return;
        _failed++;
        if (_first.Count < Shown)
            _first.Add($"row {row}: {describe()}");
    }

    /// <summary>
    /// Fails where a row failed, and also where there were fewer rows than the file is known to have.
    /// </summary>
    internal void Assert(int rowsMin)
    {
        string summary = $"{file}: {_failed} of {_rows} rows failed\n{string.Join('\n', _first)}";
        Xunit.Assert.True(_failed == 0, summary);
        Xunit.Assert.True(_rows >= rowsMin, $"{file}: {_rows} rows were read, at least {rowsMin} were expected");
    }
}
