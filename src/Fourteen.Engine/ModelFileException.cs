namespace Fourteen.Engine;

/// <summary>
/// A model file (or tokenizer, or configuration) that cannot be used: which file, which place in it, the rule, what was
/// found, and what to do. The message is written for the user and holds all of them.
/// </summary>
public sealed class ModelFileException : Exception
{
    /// <param name="path">The file.</param>
    /// <param name="place">The tensor, key or field; empty where the whole file is meant.</param>
    /// <param name="rule">What must hold, and what was found instead, as one phrase.</param>
    /// <param name="remedy">What the user can do; empty where nothing but another file helps.</param>
    public ModelFileException(string path, string place, string rule, string remedy = "", Exception? cause = null)
        : base(Compose(path, place, rule, remedy), cause)
    {
        Path = path;
        Place = place;
        Rule = rule;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensor, key or field in the file.</summary>
    public string Place { get; }

    /// <summary>The rule and what was found.</summary>
    public string Rule { get; }

    private static string Compose(string path, string place, string rule, string remedy)
    {
        string where = place.Length == 0 ? path : $"{path}: {place}";
        return remedy.Length == 0 ? $"{where}: {rule}" : $"{where}: {rule}; {remedy}";
    }
}
