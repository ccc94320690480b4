namespace Fourteen.Protocol.Chat;

/// <summary>What an answer is made of, in the order in which it comes.</summary>
public abstract record ChatEvent;

/// <summary>How much of a long prompt is computed, before anything of the answer comes.</summary>
/// <param name="Computed">Tokens done.</param>
/// <param name="Total">Tokens of the prompt.</param>
public sealed record PromptProgress(int Computed, int Total) : ChatEvent;

/// <summary>A piece of the answer.</summary>
public sealed record TextDelta(string Text) : ChatEvent;

/// <summary>A piece of the thought before the answer.</summary>
public sealed record ThoughtDelta(string Text) : ChatEvent;

/// <summary>The last event.</summary>
/// <param name="Reason">"stop" or "length".</param>
public sealed record Finished(string Reason, Usage Usage) : ChatEvent;

/// <summary>What an answer took.</summary>
public sealed record Usage
{
    public required int PromptTokens { get; init; }

    /// <summary>Generated tokens, thought and end token included.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>From the request to its first token.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the first token to the last.</summary>
    public required TimeSpan DecodeTime { get; init; }

    /// <summary>The seed that draws the same answer again.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How positions were scaled: "none", "linear", "yarn", "llama3" or "longrope".</summary>
    public string RopeScaling { get; init; } = "none";

    /// <summary>The factor of the scaling; 1 for none.</summary>
    public double RopeFactor { get; init; } = 1;

    public double PrefillTokensPerSecond => Rate(PromptTokens, TimeToFirstToken);

    /// <summary>The first token comes out of the prompt's computation and is not counted.</summary>
    public double DecodeTokensPerSecond => Rate(CompletionTokens - 1, DecodeTime);

    private static double Rate(int tokens, TimeSpan time) =>
        tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
