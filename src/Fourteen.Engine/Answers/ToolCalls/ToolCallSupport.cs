namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>How a model is told of tools and calls them.</summary>
/// <param name="Format">How it writes calls.</param>
/// <param name="ControlMarkers">Control tokens that are the format's markers, with their text.</param>
/// <param name="TemplateKnowsTools">Whether the chat template has the variable <c>tools</c>.</param>
/// <param name="NeedsSystemText">
/// Whether the template knows no tools, or writes calls in a form that is not read here: tools then go into the system
/// message by <see cref="HermesSystemText"/> and not to the template, and the answer to the client says so.
/// </param>
public sealed record ToolCallSupport(
    ToolCallFormat Format,
    IReadOnlyDictionary<int, string> ControlMarkers,
    bool TemplateKnowsTools,
    bool NeedsSystemText);
