namespace Fourteen.Engine.Answers;

/// <summary>How one sequence's tokens become text: the functions of its incremental detokenizer.</summary>
/// <param name="Append">
/// Takes the next token and gives the text that is now complete; bytes of an unfinished character wait.
/// </param>
/// <param name="Flush">Gives what waits, since no token follows that could finish it.</param>
/// <param name="IsControl">Whether a token steers the model (message markers and the like) and is never shown.</param>
public readonly record struct TokenText(Func<int, string> Append, Func<string> Flush, Func<int, bool> IsControl);
