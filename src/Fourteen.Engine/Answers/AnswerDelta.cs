namespace Fourteen.Engine.Answers;

/// <summary>Which part of what a model writes a text belongs to.</summary>
public enum AnswerPart
{
    /// <summary>What it writes between its markers, for itself; it may be shown apart or not at all.</summary>
    Thought,

    /// <summary>What is meant for the reader.</summary>
    Answer,
}

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it, or a stop string did.</summary>
    Stop,

    /// <summary>The limit of tokens was reached.</summary>
    Length,
}

/// <summary>The next piece of text, never empty.</summary>
public readonly record struct AnswerDelta(AnswerPart Part, string Text);
