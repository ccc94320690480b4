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
}
