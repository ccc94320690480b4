using System.Globalization;

namespace Fourteen.Testing;

/// <summary>
/// Counts the golden rows that passed, so that a test that silently walks past its data is noticed: <c>.ci/run</c> adds
/// the counts up by name and compares them with <c>tests/golden-rows.txt</c>.
/// </summary>
public static class GoldenCount
{
    private static readonly Lock Writing = new();

    /// <summary>
    /// Adds rows that passed. Writes to a file of this process in the folder that the environment variable
    /// <c>FOURTEEN_GOLDEN_COUNTS</c> names; without it, nothing happens. Any thread may call it.
    /// </summary>
    /// <param name="name">The name in <c>tests/golden-rows.txt</c>, e.g. <c>tokenizer/qwen3</c>; no blanks.</param>
    /// <param name="rows">How many rows passed in this test.</param>
    public static void Record(string name, int rows)
    {
        if (Environment.GetEnvironmentVariable("FOURTEEN_GOLDEN_COUNTS") is not { Length: > 0 } folder)
            return;
        string path = Path.Combine(folder, $"{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.tsv");
        lock (Writing)
            File.AppendAllText(path, string.Create(CultureInfo.InvariantCulture, $"{name}\t{rows}\n"));
    }
}
