namespace Fourteen.Engine;

/// <summary>
/// A model file (or tokenizer, or configuration) that cannot be used: which file, which place in it, the rule, what was
/// found, and what to do. The message is written for the user and holds all of them.
/// </summary>
public sealed class ModelFileException : Exception
{
    // Places and rules quote the file; the longest that do not, patterns of tokenizers among them, stay below.
    private const int PlaceCharsMax = 200;
    private const int RuleCharsMax = 1000;

    /// <param name="path">The file.</param>
    /// <param name="place">The tensor, key or field; empty where the whole file is meant.</param>
    /// <param name="rule">What must hold, and what was found instead, as one phrase.</param>
    /// <param name="remedy">What the user can do; empty where nothing but another file helps.</param>
    public ModelFileException(string path, string place, string rule, string remedy = "", Exception? cause = null)
        : base(Compose(path, place, rule, remedy), cause)
    {
        Path = path;
        Place = ErrorText.Shorten(place, PlaceCharsMax);
        Rule = ErrorText.Shorten(rule, RuleCharsMax);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensor, key or field in the file.</summary>
    public string Place { get; }

    /// <summary>The rule and what was found.</summary>
    public string Rule { get; }

    private static string Compose(string path, string place, string rule, string remedy)
    {
        string where = place.Length == 0 ? path : $"{path}: {ErrorText.Shorten(place, PlaceCharsMax)}";
        string what = $"{where}: {ErrorText.Shorten(rule, RuleCharsMax)}";
        return remedy.Length == 0 ? what : $"{what}; {remedy}";
    }
}
