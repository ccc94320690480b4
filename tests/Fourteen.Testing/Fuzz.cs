using System.Globalization;

namespace Fourteen.Testing;

/// <summary>
/// How long fuzz tests go on, and where they start. Each has numbers of its own, small enough for every run of the
/// tests; the environment variables <c>FOURTEEN_FUZZ_INPUTS</c> and <c>FOURTEEN_FUZZ_SEED</c> replace them.
/// </summary>
public static class Fuzz
{
    /// <summary>The number of inputs: <paramref name="usual"/>, or the variable's.</summary>
    public static int Inputs(int usual) => Read("FOURTEEN_FUZZ_INPUTS", usual, least: 1);

    /// <summary>The seed: <paramref name="usual"/>, or the variable's.</summary>
    public static int Seed(int usual) => Read("FOURTEEN_FUZZ_SEED", usual, least: 0);

    private static int Read(string variable, int usual, int least)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text)
            return usual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least
            ? value
            : throw new InvalidOperationException($"{variable} must be a whole number from {least}, found \"{text}\".");
    }
}
