using System.Globalization;
using System.Text;

namespace Fourteen.Engine.Answers;

/// <summary>What may be shown after a piece of text, and whether the answer has ended.</summary>
/// <param name="Text">Text that certainly comes before any stop string.</param>
/// <param name="Stopped">Whether a stop string is complete; what follows the shown text is then dropped.</param>
public readonly record struct StopResult(string Text, bool Stopped);

/// <summary>
/// Ends a text at the first stop string, which is no part of it unless that is asked for. The text comes in pieces of
/// any size and the result does not depend on how it was cut: strings are matched character by character, and what may
/// be the beginning of one is held back.
/// </summary>
/// <remarks>
/// The match that is complete first wins, as that is where generation stops; of two that end together, the longer one,
/// so that nothing of either is shown. Each string is followed by its own Knuth-Morris-Pratt automaton: the time is
/// text length times number of strings, whatever they hold. One owner.
/// </remarks>
public sealed class StopStrings
{
    /// <summary>Most strings: OpenAI's API allows 4, others some dozens; it bounds the work per character.</summary>
    public const int CountMax = 64;

    /// <summary>Most UTF-16 units of one string: it bounds what is held back.</summary>
    public const int LengthMax = 1024;

    private readonly string[] _strings;
    private readonly int[][] _borders; // Per string, per length of a matched prefix: the longest border of that prefix.
    private readonly int[] _matched; // Per string: the length of its prefix that the text ends with.
    private readonly bool _showsMatch;
    private readonly StringBuilder _held = new();

    /// <param name="strings">Without a problem; none at all is fine.</param>
    /// <param name="showsMatch">Whether the string that ends the text is shown as its end.</param>
    /// <exception cref="ArgumentException">The strings break a limit; the message names it.</exception>
    public StopStrings(IReadOnlyList<string> strings, bool showsMatch = false)
    {
        if (FindProblem(strings) is string problem)
            throw new ArgumentException(problem, nameof(strings));
        _strings = [.. strings];
        _showsMatch = showsMatch;
        _borders = [.. strings.Select(Borders)];
        _matched = new int[_strings.Length];
    }

    /// <summary>The string that ended the text, or null.</summary>
    public string? Match { get; private set; }

    /// <summary>The first limit that the strings break, as a sentence for the user, or null.</summary>
    public static string? FindProblem(IReadOnlyList<string> strings)
    {
        if (strings.Count > CountMax)
            return string.Create(
                CultureInfo.InvariantCulture, $"At most {CountMax} stop strings are allowed, found {strings.Count}.");
        for (int i = 0; i < strings.Count; i++)
        {
            string found = strings[i];
            if (found.Length is 0 or > LengthMax)
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"Stop string {i} must have 1 to {LengthMax} characters, found {found.Length}.");
            if (!IsWellFormed(found))
                return string.Create(
                    CultureInfo.InvariantCulture, $"Stop string {i} holds half a surrogate pair, which no text does.");
        }

        return null;
    }

    /// <summary>Takes the next piece of the text. After a stop, nothing more is shown.</summary>
    public StopResult Append(string piece)
    {
        if (Match is not null)
            return new StopResult("", true);
        if (_strings.Length == 0)
            return new StopResult(piece, false);
        foreach (char c in piece)
        {
            _held.Append(c);
            Match = Advance(c);
            if (Match is not null)
                return new StopResult(Release(_showsMatch ? 0 : Match.Length), true);
        }

        int longest = 0;
        foreach (int length in _matched)
            longest = Math.Max(longest, length);
        return new StopResult(Release(longest), false);
    }

    /// <summary>The text ends here: what was held back is no stop string.</summary>
    public string Flush()
    {
        Array.Clear(_matched);
        return Release(0);
    }

    /// <summary>Moves every automaton by one character; the longest string that is now complete.</summary>
    private string? Advance(char c)
    {
        string? complete = null;
        for (int s = 0; s < _strings.Length; s++)
        {
            string wanted = _strings[s];
            int length = _matched[s];
            while (length > 0 && wanted[length] != c)
                length = _borders[s][length];
            if (wanted[length] == c)
                length++;
            _matched[s] = length;
            if (length == wanted.Length && wanted.Length > (complete?.Length ?? 0))
                complete = wanted;
        }

        return complete;
    }

    /// <summary>Takes what is held but for the last characters; after a match those are dropped.</summary>
    private string Release(int kept)
    {
        int released = _held.Length - kept;
        if (released == 0 && Match is null)
            return "";
        string text = _held.ToString(0, released);
        _held.Remove(0, Match is null ? released : _held.Length);
        return text;
    }

    private static int[] Borders(string text)
    {
        var borders = new int[text.Length + 1];
        int border = 0;
        for (int i = 1; i < text.Length; i++)
        {
            while (border > 0 && text[i] != text[border])
                border = borders[border];
            if (text[i] == text[border])
                border++;
            borders[i + 1] = border;
        }

        return borders;
    }

    private static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }
}
