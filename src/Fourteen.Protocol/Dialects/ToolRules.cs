using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>What must hold between tools and the choice among them, in every dialect.</summary>
public static class ToolRules
{
    /// <summary>Tools of one request: each becomes part of the prompt and of a grammar.</summary>
    private const int ToolsMax = 256;

    public static void Check(ChatRequest chat)
    {
        if (chat.Tools.Count > ToolsMax)
            throw new RequestException("tools", $"tools has at most {ToolsMax} entries, found {chat.Tools.Count}");
        var names = new HashSet<string>();
        foreach (ToolDefinition tool in chat.Tools)
        {
            if (!names.Add(tool.Name))
                throw new RequestException("tools", $"tools names each function once, found \"{tool.Name}\" twice");
        }

        switch (chat.ToolChoice.Kind)
        {
            case ToolChoiceKind.Required or ToolChoiceKind.Named when chat.Tools.Count == 0:
                throw new RequestException("tool_choice", "tool_choice asks for a call, but there are no tools");
            case ToolChoiceKind.Named when !names.Contains(chat.ToolChoice.Name!): // Named has a name.
                throw new RequestException(
                    "tool_choice", $"tool_choice names \"{chat.ToolChoice.Name}\", which is not among the tools");
        }
    }
}
