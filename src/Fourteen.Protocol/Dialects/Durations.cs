using System.Globalization;

namespace Fourteen.Protocol.Dialects;

/// <summary>Durations as Ollama's API writes them.</summary>
public static class Durations
{
    /// <summary>Ollama keeps a model "forever" where the number is negative.</summary>
    private static readonly TimeSpan Forever = TimeSpan.MaxValue;

    private static readonly (string Suffix, double Seconds)[] Units =
        [("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1)]; // "ms" before "s", which it ends with.

    /// <summary>
    /// A number of seconds, or a text such as "5m", "1h30m" or "300"; negative is for ever.
    /// </summary>
    public static TimeSpan Read(WireValue value)
    {
        if (value.IsNumber)
            return OfSeconds(value.Number());
        return TryParse(value.Text(), out TimeSpan duration)
            ? duration
            : throw value.Wrong("seconds, or a duration such as \"5m\"");
    }

    /// <summary>Reads what a user wrote; false where it is no duration.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        bool isNegative = rest.StartsWith("-");
        if (isNegative)
            rest = rest[1..];
        if (rest.IsEmpty)
            return false;
        double seconds = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            ReadOnlySpan<char> number = digits < 0 ? rest : rest[..digits];
            if (!double.TryParse(
                number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count))
                return false;
            rest = rest[number.Length..];
            double unit = rest.IsEmpty ? 1 : TakeUnit(ref rest);
            if (unit == 0)
                return false;
            seconds += count * unit;
        }

        duration = OfSeconds(isNegative ? -1 : seconds);
        return true;
    }

    private static double TakeUnit(ref ReadOnlySpan<char> rest)
    {
        foreach ((string suffix, double seconds) in Units)
        {
            if (!rest.StartsWith(suffix, StringComparison.Ordinal))
                continue;
            rest = rest[suffix.Length..];
            return seconds;
        }

        return 0;
    }

    private static TimeSpan OfSeconds(double seconds) =>
        seconds < 0 || seconds >= Forever.TotalSeconds / 2 ? Forever : TimeSpan.FromSeconds(seconds);
}
