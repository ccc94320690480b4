namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// That calls of tools are looked for in an answer, and how. Without it (no tools, or none may be called) what looks
/// like a call is text. Immutable.
/// </summary>
public sealed record ToolCallOptions
{
    /// <summary>How the model writes calls.</summary>
    public required ToolCallFormat Format { get; init; }

    /// <summary>Control tokens that are markers of the format, with their text; other control tokens have none.
    /// </summary>
    public IReadOnlyDictionary<int, string> ControlMarkers { get; init; } = new Dictionary<int, string>();

    /// <summary>
    /// The names of the declared tools. Where a format has no marker, they alone tell calls from text; otherwise a call
    /// of another name is a call as well, and the client decides.
    /// </summary>
    public required IReadOnlyCollection<string> Names { get; init; }

    /// <summary>After so many complete calls the answer ends: 1 without parallel calls, null for no limit.</summary>
    public int? CallsMax { get; init; }

    /// <summary>What is wrong with the options as a sentence that names it, or null.</summary>
    public string? FindProblem() =>
        CallsMax < 1 ? $"The limit of tool calls must be 1 or more, or absent, found {CallsMax}." : null;
}
