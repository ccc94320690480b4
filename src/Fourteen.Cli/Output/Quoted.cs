using System.Globalization;
using System.Text;

namespace Fourteen.Cli.Output;

/// <summary>Text of tokens for people.</summary>
internal static class Quoted
{
    /// <summary>A piece in quotes and on one line, whatever blanks and controls it holds.</summary>
    public static string Piece(string piece)
    {
        var text = new StringBuilder("\"");
        foreach (char c in piece)
        {
            _ = c switch
            {
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                '"' or '\\' => text.Append('\\').Append(c),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }
}
