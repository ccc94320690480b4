using Xunit;

namespace Fourteen.Tidy.Tests;

/// <summary>Fails a test with every place that breaks a rule.</summary>
internal static class Rule
{
    private const int ShownMax = 30;

    /// <param name="rule">What must hold, as a sentence for the person who broke it.</param>
    /// <param name="breaches">One line each, <c>file:line: what stands there</c>.</param>
    public static void Holds(string rule, IEnumerable<string> breaches)
    {
        List<string> all = [.. breaches];
        if (all.Count == 0)
            return;
        string rest = all.Count > ShownMax ? $"\n… and {all.Count - ShownMax} more" : "";
        Assert.Fail($"{rule}\n{string.Join('\n', all.Take(ShownMax))}{rest}");
    }
}
