using Fourteen.Engine.ChatTemplates.Library;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates;

/// <summary>
/// The rule of the transformers library for a last message that is a prefix to go on from: its content gets a marker at
/// the end, and the rendered text is cut there.
/// </summary>
internal static class FinalMessage
{
    /// <summary>
    /// The messages with the marker at the end of the last one's content, or of its last part with text.
    /// </summary>
    public static ListValue Mark(object? messages, string marker)
    {
        if (messages is not ListValue { Items.Length: > 0 } list || list.Items[^1] is not DictValue last)
            throw Raise.Value("to continue the final message there must be one");
        last.TryGet("content", out object? content);
        object? marked = content switch
        {
            string text => text + marker,
            ListValue parts => MarkLastText(parts, marker),
            _ => throw Raise.Type(
                $"to continue the final message its content must be text, found {TypeNames.Of(content)}"),
        };
        object?[] items = [.. list.Items];
        items[^1] = With(last, "content", marked);
        return new ListValue(items);
    }

    /// <summary>
    /// The text before the marker. Where the template trimmed the marker's blank, it is trimmed before, too.
    /// </summary>
    public static string Cut(string text, string marker)
    {
        string bare = marker.TrimEnd();
        int at = text.LastIndexOf(bare, StringComparison.Ordinal);
        if (at < 0)
            throw Raise.Value(
                "the template does not write the content of the final message, which was to be continued");
        return string.CompareOrdinal(text, at, marker, 0, marker.Length) == 0
            ? text[..at]
            : Strings.TrimEnd(text.AsSpan(0, at)).ToString();
    }

    private static ListValue MarkLastText(ListValue parts, string marker)
    {
        for (int i = parts.Items.Length - 1; i >= 0; i--)
        {
            if (parts.Items[i] is not DictValue part || !part.TryGet("text", out object? text))
                continue;
            object?[] items = [.. parts.Items];
            items[i] = With(part, "text", StringMethods.Text(text) + marker);
            return new ListValue(items);
        }

        throw Raise.Value("to continue the final message one of its parts must have text");
    }

    private static DictValue With(DictValue dict, string key, object? value)
    {
        var changed = new DictValue.Builder(dict.Count + 1);
        changed.SetAll(dict);
        changed.Set(key, value);
        return changed.Build();
    }
}
