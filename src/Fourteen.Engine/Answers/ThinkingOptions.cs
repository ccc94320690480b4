namespace Fourteen.Engine.Answers;

/// <summary>What is appended where a limit closes a thought.</summary>
public enum ThoughtClosing
{
    /// <summary>Qwen's sentence that time is up, where it has room: what its models were tried with.</summary>
    Sentence,

    /// <summary>Only the marker with its newlines, for models that never met the sentence.</summary>
    Bare,
}

/// <summary>
/// What an engine must know to follow a model's thoughts in its tokens: the two markers, the budget, and the texts that
/// close a thought, as tokens. Immutable.
/// </summary>
public sealed record ThinkingOptions
{
    /// <summary>The thought of a prompt that asks for none, as Qwen3's template writes it.</summary>
    public const string EmptyThoughtText = "<think>\n\n</think>\n\n";

    /// <summary>What ends a thought that reached its budget (Qwen3's technical report and documentation).</summary>
    public const string StopSentenceText =
        "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now."
        + "\n</think>\n\n";

    /// <summary>What ends a thought without a word, where the sentence has no room.</summary>
    public const string BareClosingText = "\n</think>\n\n";

    /// <summary>A model that does not think: all that it writes is answer.</summary>
    public static ThinkingOptions None { get; } = new();

    /// <summary>The id of <c>&lt;think&gt;</c>; null for models without it.</summary>
    public int? OpenToken { get; init; }

    /// <summary>The id of <c>&lt;/think&gt;</c>; null for models without it.</summary>
    public int? CloseToken { get; init; }

    /// <summary>
    /// The id that starts a message (<c>&lt;|im_start|&gt;</c>): markers before its last occurrence in the prompt
    /// belong to earlier messages. Null: the whole prompt is one text.
    /// </summary>
    public int? MessageStartToken { get; init; }

    /// <summary>Most tokens between the markers; 0 is no thought, null no limit.</summary>
    public int? Budget { get; init; }

    /// <summary>
    /// How long a thought may take by the clock, from the first generated token on; zero is no thought, null no limit.
    /// Who runs the clock calls <see cref="AnswerAssembler.CloseThought"/>.
    /// </summary>
    public TimeSpan? TimeMax { get; init; }

    /// <summary>
    /// Tokens of the limit that a thought leaves to the answer, whatever the limit is: a thought that has no room
    /// beside them is left out. 0 keeps none. Null: as many as <see cref="ThinkingState"/> says.
    /// </summary>
    public int? AnswerTokensMin { get; init; }

    /// <summary>What is appended where a limit closes a thought.</summary>
    public ThoughtClosing Closing { get; init; }

    /// <summary>
    /// Whether the prompt ends inside the assistant's own message, which goes on: a thought that is open there goes on
    /// too, and none begins.
    /// </summary>
    public bool ContinuesMessage { get; init; }

    /// <summary>The ids of <see cref="EmptyThoughtText"/>; needed where the model thinks.</summary>
    public IReadOnlyList<int> EmptyThought { get; init; } = [];

    /// <summary>The ids of <see cref="StopSentenceText"/>; needed where the model thinks.</summary>
    public IReadOnlyList<int> StopSentence { get; init; } = [];

    /// <summary>The ids of <see cref="BareClosingText"/>; needed where the model thinks.</summary>
    public IReadOnlyList<int> BareClosing { get; init; } = [];

    /// <summary>Whether the model has both markers.</summary>
    public bool CanThink => OpenToken is not null && CloseToken is not null;

    /// <summary>What is wrong with the options as a sentence that names it, or null.</summary>
    public string? FindProblem()
    {
        if (Budget < 0)
            return $"The thinking budget must be 0 or more, or absent, found {Budget}.";
        if (TimeMax < TimeSpan.Zero)
            return $"The time for thinking must be 0 or more, or absent, found {TimeMax}.";
        if (AnswerTokensMin < 0)
            return $"The tokens kept for the answer must be 0 or more, or absent, found {AnswerTokensMin}.";
        if (OpenToken is null != CloseToken is null)
            return "A model has both markers of a thought or neither, found one.";
        if (!CanThink)
            return Budget > 0 ? "A thinking budget needs a model that thinks; this one has no <think> token." : null;
        return CheckClosing(EmptyThought, nameof(EmptyThought))
            ?? CheckClosing(StopSentence, nameof(StopSentence))
            ?? CheckClosing(BareClosing, nameof(BareClosing));
    }

    private string? CheckClosing(IReadOnlyList<int> tokens, string name)
    {
        int closings = tokens.Count(token => token == CloseToken);
        return closings == 1 ? null : $"{name} must hold the token of </think> once, found {closings} times.";
    }
}
