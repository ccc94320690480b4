using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">"system", "user", "assistant" or "tool".</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>What the assistant thought before it answered, where that is known; templates decide what becomes of
    /// it.
    /// </summary>
    public string? Reasoning { get; init; }

    /// <summary>Tools that the assistant called in this message.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>Who speaks, or for a tool's result the tool, where a client says so.</summary>
    public string? Name { get; init; }

    /// <summary>For a tool's result, the id of the call that it answers.</summary>
    public string? ToolCallId { get; init; }
}

/// <summary>A call of a tool by the assistant.</summary>
/// <param name="Id">What its result refers to; null where the model gives none.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">The arguments as the caller keeps them: an object, or its text.</param>
public sealed record ToolCall(string? Id, string Name, JsonNode? Arguments);
