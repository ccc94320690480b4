using System.Text;

namespace Fourteen.Protocol.Failures;

/// <summary>
/// A request that cannot be honoured as it stands: the parameter, and the rule with what was found. Both are one line
/// of bounded length, whatever a client put into its request.
/// </summary>
public sealed class RequestException(string parameter, string message, FailureKind kind = FailureKind.InvalidRequest)
    : Exception(LineOf(message))
{
    /// <summary>Characters of a message: enough for a rule and what was found, little enough for a log.</summary>
    private const int CharsMax = 1500;

    /// <summary>The parameter at fault.</summary>
    public string Parameter { get; } = LineOf(parameter);

    public FailureKind Kind { get; } = kind;

    /// <summary>The code that clients look for where a kind has several, such as "model_not_found"; else null.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>When trying again may help; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    private static string LineOf(string text)
    {
        ReadOnlySpan<char> start = text.AsSpan(0, Math.Min(text.Length, CharsMax));
        if (start.Length == text.Length && !text.AsSpan().ContainsAnyInRange('\0', '\x1f')
            && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
        {
            return text;
        }

        var line = new StringBuilder(start.Length + 1);
        foreach (char c in start)
            line.Append(char.IsControl(c) ? ' ' : c);
        if (start.Length < text.Length)
            line.Append('…');
        return line.ToString();
    }
}
