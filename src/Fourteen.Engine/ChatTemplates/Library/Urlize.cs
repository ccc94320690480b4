using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Jinja's <c>urlize</c>: addresses of the web, of mail and of given schemes in (escaped) text become links. Brackets
/// around and punctuation after an address stay outside.
/// </summary>
internal sealed class Urlize
{
    private static readonly string[] Openings = ["(", "<", "&lt;"];
    private static readonly string[] Closings = [")", ">", ".", ",", "\n", "&gt;"];
    private static readonly string[] Endings = [".com", ".net", ".org", ".edu", ".gov", ".int", ".mil"];

    /// <summary>Longer addresses are shown cut.</summary>
    public required int UrlCharsMax { get; init; }

    public required string? Target { get; init; }

    public required string Rel { get; init; }

    public required string[] Schemes { get; init; }

    public string Apply(RenderContext context, string text)
    {
        context.ChargeText(text.Length);
        var output = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            bool isSpace = Strings.IsSpace(text[at]);
            int end = at;
            while (end < text.Length && Strings.IsSpace(text[end]) == isSpace)
                end++;
            context.Step();
            if (isSpace)
                output.Append(text, at, end - at);
            else
                AppendWord(output, text[at..end]);
            if (output.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
            at = end;
        }

        return output.ToString();
    }

    private void AppendWord(StringBuilder output, string word)
    {
        int start = 0;
        for (int cut = 1; cut > 0;)
        {
            cut = LengthOfAffix(word.AsSpan(start), Openings, atStart: true);
            start += cut;
        }

        int end = word.Length;
        for (int cut = 1; cut > 0;)
        {
            cut = LengthOfAffix(word.AsSpan(start, end - start), Closings, atStart: false);
            end -= cut;
        }

        string middle = word[start..end];
        string tail = word[end..];
        Rebalance(ref middle, ref tail);
        output.Append(word, 0, start).Append(Linked(middle)).Append(tail);
    }

    private static int LengthOfAffix(ReadOnlySpan<char> text, string[] affixes, bool atStart)
    {
        foreach (string affix in affixes)
        {
            if (atStart ? text.StartsWith(affix, StringComparison.Ordinal) : text.EndsWith(affix, StringComparison.Ordinal))
                return affix.Length;
        }

        return 0;
    }

    /// <summary>Closing brackets whose opening ones are in the address belong to it.</summary>
    private static void Rebalance(ref string middle, ref string tail)
    {
        foreach ((string open, string close) in new[] { ("(", ")"), ("<", ">"), ("&lt;", "&gt;") })
        {
            int opened = middle.AsSpan().Count(open);
            int missing = opened - middle.AsSpan().Count(close);
            if (opened == 0)
                continue;
            missing = Math.Min(missing, tail.AsSpan().Count(close));
            for (int i = 0; i < missing; i++)
            {
                int end = tail.IndexOf(close, StringComparison.Ordinal) + close.Length;
                middle += tail[..end];
                tail = tail[end..];
            }
        }
    }

    private string Linked(string text)
    {
        string attributes = $" rel=\"{Html.Escape(Rel)}\"" + (Target is null ? "" : $" target=\"{Html.Escape(Target)}\"");
        if (IsWebAddress(text))
        {
            bool hasScheme = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
            return $"<a href=\"{(hasScheme ? "" : "https://")}{text}\"{attributes}>{Shown(text)}</a>";
        }

        if (text.StartsWith("mailto:", StringComparison.Ordinal) && IsMail(text.AsSpan(7)))
            return $"<a href=\"{text}\">{text[7..]}</a>";
        if (!text.Contains("@@", StringComparison.Ordinal) && text.Contains('@') && !text.StartsWith("www.", StringComparison.Ordinal)
            && text[0] != '@' && !text.Contains(':') && IsMail(text))
        {
            return $"<a href=\"mailto:{text}\">{text}</a>";
        }

        foreach (string scheme in Schemes)
        {
            if (text != scheme && text.StartsWith(scheme, StringComparison.Ordinal))
                return $"<a href=\"{text}\"{attributes}>{text}</a>";
        }

        return text;
    }

    private string Shown(string text) =>
        CodePoints.Count(text) > UrlCharsMax ? text[..CodePoints.UnitOf(text, Math.Max(0, UrlCharsMax))] + "..." : text;

    /// <summary>With http(s) or www in front any host counts; else a host of a well-known top-level domain.</summary>
    private static bool IsWebAddress(string text)
    {
        foreach (string start in new[] { "https://", "http://", "www." })
        {
            if (text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                return text.Length > start.Length && IsHostStart(text[start.Length]);
        }

        if (text.Length == 0 || !IsHostStart(text[0]))
            return false;
        int hostEnd = text.AsSpan().IndexOfAny("/?#:");
        string host = (hostEnd < 0 ? text : text[..hostEnd]).ToLowerInvariant();
        return !host.Contains('@') && Array.Exists(Endings, ending => host.EndsWith(ending, StringComparison.Ordinal));
    }

    private static bool IsHostStart(char c) => Strings.IsWord(c) || c == '[' || c == '%';

    private static bool IsMail(ReadOnlySpan<char> text)
    {
        int at = text.IndexOf('@');
        int dot = text.LastIndexOf('.');
        if (at < 1 || dot < at + 2 || dot >= text.Length - 1 || text[(at + 1)..].Contains('@'))
            return false;
        foreach (char c in text[(at + 1)..])
        {
            if (!Strings.IsWord(c) && c is not ('.' or '-'))
                return false;
        }

        return true;
    }
}
