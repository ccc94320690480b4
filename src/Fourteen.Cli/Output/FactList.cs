using System.Text;

namespace Fourteen.Cli.Output;

/// <summary>
/// Labels and values for people: values broken between words at 80 columns. A word that is wider, such as a path, stays
/// whole, so that it can be copied.
/// </summary>
internal static class FactList
{
    private const int Columns = 80;
    private const string Gap = "  ";

    public static void Print(StandardStreams streams, IReadOnlyList<(string Label, string Value)> facts)
    {
        int indent = facts.Max(fact => fact.Label.Length) + Gap.Length;
        foreach ((string label, string value) in facts)
        {
            string head = label.PadRight(indent);
            foreach (string line in Break(value, Columns - indent))
            {
                streams.Output.WriteLine(head + line);
                head = new string(' ', indent);
            }
        }
    }

    private static IEnumerable<string> Break(string value, int columns)
    {
        var line = new StringBuilder();
        // What a file says of itself may hold anything, line feeds too.
        foreach (string word in TerminalText.WithoutControls(value).Split((char[]?)null))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }
}
