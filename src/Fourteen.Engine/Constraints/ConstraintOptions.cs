namespace Fourteen.Engine.Constraints;

/// <summary>White space between the tokens of JSON.</summary>
public enum JsonWhitespace
{
    /// <summary>A blank, or a line break with at most 32 blanks and tabs, or none: both common layouts.</summary>
    Flexible,

    /// <summary>None.</summary>
    Compact,
}

/// <summary>How constraints are compiled.</summary>
public sealed record ConstraintOptions
{
    /// <summary>White space between the tokens of JSON.</summary>
    public JsonWhitespace Whitespace { get; init; }
}
