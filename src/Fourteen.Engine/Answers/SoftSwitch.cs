namespace Fourteen.Engine.Answers;

/// <summary>
/// Qwen3's switches in the text of a conversation: <c>/think</c> and <c>/no_think</c> in a user or system message; the
/// most recent one wins and holds until another comes. They are the model's own convention, which it follows by itself
/// where the template allows thinking; an engine reads them to know what to expect.
/// </summary>
public static class SoftSwitch
{
    private const string On = "/think";
    private const string Off = "/no_think";

    /// <summary>True for <c>/think</c>, false for <c>/no_think</c>, null where no message holds either.</summary>
    /// <param name="messages">In order of time.</param>
    public static bool? Find(IReadOnlyList<(string Role, string Content)> messages)
    {
        for (int i = messages.Count - 1; i >= 0; i--)
        {
            if (messages[i].Role is not ("user" or "system"))
                continue;
            int on = LastWord(messages[i].Content, On);
            int off = LastWord(messages[i].Content, Off);
            if (on != off) // Equal only where both are absent.
                return on > off;
        }

        return null;
    }

    /// <summary>
    /// The last place of the switch as a word of its own, or -1: a path such as <c>src/think</c> holds none.
    /// </summary>
    private static int LastWord(string text, string word)
    {
        for (int end = text.Length; end > 0;)
        {
            int at = text.AsSpan(0, end).LastIndexOf(word, StringComparison.Ordinal);
            if (at < 0)
                return -1;
            bool startsWord = at == 0 || !Joins(text[at - 1]);
            int after = at + word.Length;
            bool endsWord = after == text.Length || !(IsWordCharacter(text[after]) || text[after] is '/' or '-');
            if (startsWord && endsWord)
                return at;
            end = after - 1;
        }

        return -1;
    }

    /// <summary>Characters that make what follows the tail of a path, an address or a word.</summary>
    private static bool Joins(char c) => IsWordCharacter(c) || c is '/' or '\\' or '.' or ':' or '-' or '~' or '<';

    // Of ASCII only: Chinese text puts a switch right behind its characters.
    private static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
