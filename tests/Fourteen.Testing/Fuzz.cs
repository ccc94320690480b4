using System.Globalization;

namespace Fourteen.Testing;

/// <summary>
/// How long fuzz tests go on, and where they start: the same for each, short enough for every run of the tests. The
/// environment variables <c>FOURTEEN_FUZZ_INPUTS</c> and <c>FOURTEEN_FUZZ_SEED</c> replace the numbers.
/// </summary>
public static class Fuzz
{
    /// <summary>The number of inputs.</summary>
    public static int Inputs { get; } = Read("FOURTEEN_FUZZ_INPUTS", usual: 2000, least: 1);

    /// <summary>The seed of the first input; the next one has the next number.</summary>
    public static int Seed { get; } = Read("FOURTEEN_FUZZ_SEED", usual: 14, least: 0);

    private static int Read(string variable, int usual, int least)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text)
            return usual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least
            ? value
            : throw new InvalidOperationException($"{variable} must be a whole number from {least}, found \"{text}\".");
    }
}
