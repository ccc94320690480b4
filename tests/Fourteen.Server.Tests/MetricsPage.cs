using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>Reads Prometheus' text format, strictly.</summary>
internal static partial class MetricsPage
{
    /// <summary>Every sample: name, labels as they stand, value. Each belongs to the TYPE line above it.</summary>
    internal static IReadOnlyList<(string Name, string Labels, double Value)> Parse(string page)
    {
        var samples = new List<(string, string, double)>();
        var heads = new HashSet<string>(StringComparer.Ordinal);
        string name = "", type = "";
        Assert.EndsWith("\n", page, StringComparison.Ordinal);
        foreach (string line in page.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                continue;
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] words = line.Split(' ');
                (name, type) = (words[2], words[3]);
                Assert.True(heads.Add(name), $"{name} has two heads");
                Assert.Contains(type, (string[])["counter", "gauge", "histogram"]);
                continue;
            }

            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            string series = sample.Groups["name"].Value;
            Assert.True(
                series == name || (type == "histogram" && series.StartsWith($"{name}_", StringComparison.Ordinal)),
                line);
            samples.Add((
                series, sample.Groups["labels"].Value,
                double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture)));
        }

        return samples;
    }

    /// <summary>The sum of a figure over its labels; 0 where it was never counted.</summary>
    internal static double Sum(string page, string name) =>
        Parse(page).Where(sample => sample.Name == name).Sum(sample => sample.Value);

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-z_]+="([^"\\\n]|\\.)*",?)*)\})?\ (?<value>[-+.\deE]+|NaN)$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();
}
