using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Dialects;

/// <summary>
/// Lines that agent clients put in front of their system prompt and that change with each request. Everything behind
/// them, which is the whole conversation, would have to be computed again each time.
/// </summary>
public static class VolatilePrefix
{
    /// <summary>
    /// How such a line begins. Claude Code sends its billing header as the first block or line, with a hash ("cch=…")
    /// of the request. Lines that tell the model something, such as a date, are not here: they are part of the prompt.
    /// </summary>
    private static readonly string[] Beginnings = ["x-anthropic-billing-header:"];

    /// <summary>
    /// Takes the lines out of the prompt and into a notice, word for word. They stay nowhere in the prompt: whatever
    /// comes after them there, as tools and messages come after the system text, could not be reused.
    /// </summary>
    /// <returns>The same request and null where no such line is there.</returns>
    public static (ChatRequest Chat, Notice? Notice) Move(ChatRequest chat)
    {
        if (chat.Messages.Count == 0 || chat.Messages[0].Role != "system")
            return (chat, null);
        ChatMessage system = chat.Messages[0];
        var moved = new List<string>();
        string rest = system.Content;
        while (Beginnings.Any(beginning => rest.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)))
        {
            int end = rest.IndexOf('\n');
            moved.Add((end < 0 ? rest : rest[..end]).TrimEnd('\r'));
            rest = end < 0 ? "" : rest[(end + 1)..].TrimStart('\r', '\n');
        }

        if (moved.Count == 0)
            return (chat, null);
        IEnumerable<ChatMessage> others = chat.Messages.Skip(1);
        ChatMessage[] messages = rest.Length == 0 ? [.. others] : [system with { Content = rest }, .. others];
        var notice = new Notice(
            "volatile_prefix_moved",
            "Lines at the head of the system prompt that change with each request were left out of the prompt, so that "
            + "its computed beginning is reused; they are in the details.",
            new JsonObject { ["lines"] = new JsonArray([.. moved.Select(line => (JsonNode?)JsonValue.Create(line))]) });
        return (chat with { Messages = messages }, notice);
    }
}
