namespace Fourteen.Engine.Constraints;

/// <summary>One reason why a constraint is refused.</summary>
/// <param name="Place">
/// Where: the JSON pointer of the schema (empty for the root), or the position in a pattern or grammar.
/// </param>
/// <param name="Keyword">The keyword, operator or rule at fault; empty where the whole place is meant.</param>
/// <param name="Reason">The rule, and what was found.</param>
public readonly record struct ConstraintProblem(string Place, string Keyword, string Reason)
{
    /// <summary>One line: place, keyword and reason.</summary>
    public override string ToString()
    {
        string place = ErrorText.Shorten(Place, charsMax: 160);
        string keyword = ErrorText.Shorten(Keyword, charsMax: 80);
        string reason = ErrorText.Shorten(Reason, charsMax: 300);
        string where = Keyword.Length == 0 ? $"\"{place}\"" : $"\"{place}\": {keyword}";
        return $"{where}: {reason}";
    }
}

/// <summary>
/// A constraint that cannot be enforced as a whole, and therefore not at all: an unsupported keyword, a broken pattern
/// or grammar, what nothing satisfies, or what exceeds a limit. The message is written for the client.
/// </summary>
public sealed class ConstraintException : Exception
{
    private const int ProblemsShown = 4;

    /// <param name="problems">At least one.</param>
    public ConstraintException(IReadOnlyList<ConstraintProblem> problems)
        : base(Compose(problems))
    {
        Problems = problems;
    }

    internal ConstraintException(string place, string keyword, string reason)
        : this([new ConstraintProblem(place, keyword, reason)])
    {
    }

    /// <summary>All problems that were found, in the order of the source.</summary>
    public IReadOnlyList<ConstraintProblem> Problems { get; }

    /// <summary>A limit that was met while compiling or matching.</summary>
    internal static ConstraintException TooLarge(string what, long limit) =>
        new("", "", $"the constraint is too complex: more than {limit} {what}; simplify it");

    private static string Compose(IReadOnlyList<ConstraintProblem> problems)
    {
        string shown = string.Join("; ", problems.Take(ProblemsShown));
        int more = problems.Count - ProblemsShown;
        return more > 0 ? $"{shown}; and {more} more" : shown;
    }
}
