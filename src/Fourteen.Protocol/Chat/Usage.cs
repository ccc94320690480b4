namespace Fourteen.Protocol.Chat;

/// <summary>What a request took.</summary>
public sealed record Usage
{
    public required int PromptTokens { get; init; }

    /// <summary>Generated tokens of all choices, thought and end token included.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>Tokens of the prompt that were computed before and taken from the cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Those of <see cref="CompletionTokens"/> that are thought.</summary>
    public int ThoughtTokens { get; init; }

    /// <summary>From the request to its first step.</summary>
    public TimeSpan QueueTime { get; init; }

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

    public double PrefillTokensPerSecond => Rate(PromptTokens - CachedTokens, TimeToFirstToken);

    /// <summary>The first token comes out of the prompt's computation and is not counted.</summary>
    public double DecodeTokensPerSecond => Rate(CompletionTokens - 1, DecodeTime);

    private static double Rate(int tokens, TimeSpan time) =>
        tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
