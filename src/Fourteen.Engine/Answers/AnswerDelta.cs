namespace Fourteen.Engine.Answers;

/// <summary>Which part of what a model writes a piece belongs to.</summary>
public enum AnswerPart
{
    /// <summary>What it writes between its markers, for itself; it may be shown apart or not at all.</summary>
    Thought,

    /// <summary>What is meant for the reader.</summary>
    Answer,

    /// <summary>A call of a tool begins; the text is the whole name.</summary>
    CallName,

    /// <summary>
    /// The next piece of the call's arguments. Together they are one JSON object, as the model writes it.
    /// </summary>
    CallArguments,

    /// <summary>The call is complete; without text.</summary>
    CallEnd,

    /// <summary>
    /// The call is none after all, as its JSON broke: what was given of it counts for nothing, and all that was written
    /// follows as <see cref="Answer"/>. Without text.
    /// </summary>
    CallBroken,
}

/// <summary>The next piece of an answer.</summary>
/// <param name="Text">Never empty, but for the two parts that have no text.</param>
/// <param name="Call">Which call of the answer, from 0, in the order of their names; -1 for text.</param>
public readonly record struct AnswerDelta(AnswerPart Part, string Text, int Call = -1);
