using System.Text;
using System.Text.RegularExpressions;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// Jinja's <c>urlize</c>: addresses of the web, of mail and of given schemes in (escaped) text become links. Brackets
/// around and punctuation after an address stay outside.
/// </summary>
internal sealed partial class Urlize
{
    private static readonly string[] Openings = ["(", "<", "&lt;"];
    private static readonly string[] Closings = [")", ">", ".", ",", "\n", "&gt;"];

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
            if (atStart
                ? text.StartsWith(affix, StringComparison.Ordinal) : text.EndsWith(affix, StringComparison.Ordinal))
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
            int end = 0;
            for (int i = 0; i < missing; i++)
                end = tail.IndexOf(close, end, StringComparison.Ordinal) + close.Length;
            middle += tail[..end];
            tail = tail[end..];
        }
    }

    private string Linked(string text)
    {
        string attributes = $" rel=\"{Html.Escape(Rel)}\""
            + (Target is null ? "" : $" target=\"{Html.Escape(Target)}\"");
        if (WebAddress().IsMatch(text))
        {
            bool hasScheme = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
            return $"<a href=\"{(hasScheme ? "" : "https://")}{text}\"{attributes}>{Shown(text)}</a>";
        }

        if (text.StartsWith("mailto:", StringComparison.Ordinal) && MailAddress().IsMatch(text.AsSpan(7)))
            return $"<a href=\"{text}\">{text[7..]}</a>";
        if (!text.StartsWith("www.", StringComparison.Ordinal) && !text.Contains(':') && MailAddress().IsMatch(text))
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

    [GeneratedRegex(
        @"^((https?://|www\.)(([\w%-]+\.)+)?([a-z]{2,63}|xn--[\w%]{2,59})"
        + @"|([\w%-]{2,63}\.)+(com|net|int|edu|gov|org|info|mil)"
        + @"|(https?://)([0-9]{1,3}(\.[0-9]{1,3}){3}|\[([0-9a-f]{0,4}:){2}([0-9a-f]{0,4}:?){1,6}\]))"
        + @"(:[0-9]{1,5})?([/?#]\S*)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WebAddress();

    [GeneratedRegex(@"^\S+@\w[\w.-]*\.\w+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MailAddress();
}
