using System.Text.Json.Nodes;

namespace Fourteen.Protocol.Chat;

/// <summary>
/// What an answer is made of, in the order in which it comes: <see cref="Started"/>, then progress and deltas, one
/// <see cref="Finished"/> for each choice, and <see cref="Completed"/> at the end.
/// </summary>
public abstract record ChatEvent
{
    /// <summary>Which of several answers to the same prompt it belongs to.</summary>
    public int Choice { get; init; }
}

/// <summary>The request was taken: the prompt is known.</summary>
/// <param name="PromptTokens">Tokens of the prompt; 0 where whoever answers tells them at its end alone.</param>
public sealed record Started(int PromptTokens) : ChatEvent;

/// <summary>Something that a caller should know of how the request was served, and that is no part of the answer.
/// </summary>
/// <param name="Code">A word for programs, such as "messages_dropped".</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Details">What else there is to say, or null.</param>
public sealed record Notice(string Code, string Message, JsonNode? Details = null) : ChatEvent;

/// <summary>How much of a long prompt is computed, before anything of the answer comes.</summary>
/// <param name="Computed">Tokens done.</param>
/// <param name="Total">Tokens of the prompt.</param>
public sealed record PromptProgress(int Computed, int Total) : ChatEvent;

/// <summary>Log-probabilities of the prompt's tokens; the first has none.</summary>
public sealed record PromptScored(IReadOnlyList<ScoredToken> Tokens) : ChatEvent;

/// <summary>A piece of the answer.</summary>
public sealed record TextDelta(string Text) : ChatEvent;

/// <summary>A piece of the thought before the answer.</summary>
public sealed record ThoughtDelta(string Text) : ChatEvent;

/// <summary>A call of a tool begins.</summary>
/// <param name="Index">Counts the calls of this answer.</param>
/// <param name="Id">What its result refers to.</param>
/// <param name="Name">The tool.</param>
public sealed record ToolCallStarted(int Index, string Id, string Name) : ChatEvent;

/// <summary>A piece of the JSON text of a call's arguments.</summary>
public sealed record ToolCallDelta(int Index, string Arguments) : ChatEvent;

/// <summary>A call is complete: its arguments are one JSON object.</summary>
public sealed record ToolCallEnded(int Index) : ChatEvent;

/// <summary>A call is none after all: what was sent of it counts for nothing, and comes again as text.</summary>
public sealed record ToolCallBroken(int Index) : ChatEvent;

/// <summary>Log-probabilities of tokens that were drawn; comes before what these tokens show.</summary>
public sealed record TokensScored(IReadOnlyList<ScoredToken> Tokens) : ChatEvent;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it, or a stop string did.</summary>
    Stop,

    /// <summary>The limit of tokens was reached.</summary>
    Length,

    /// <summary>The model has called tools and waits for their results, or has made all the calls that are allowed.
    /// </summary>
    ToolCalls,
}

/// <summary>An answer is complete.</summary>
/// <param name="StopString">The stop string that ended it, or null.</param>
public sealed record Finished(FinishReason Reason, string? StopString) : ChatEvent;

/// <summary>The last event.</summary>
public sealed record Completed(Usage Usage) : ChatEvent;

/// <summary>A token, what it stands for, and what the model said of it and of others at its place.</summary>
/// <param name="Bytes">Its bytes, which may be half a character; empty for tokens that steer.</param>
/// <param name="Logprob">Natural logarithm, finite, at most 0; null for the first token of a prompt.</param>
/// <param name="Top">The most likely tokens, best first; their own <see cref="Top"/> is empty.</param>
public sealed record ScoredToken(int Id, byte[] Bytes, double? Logprob, IReadOnlyList<ScoredToken> Top);
