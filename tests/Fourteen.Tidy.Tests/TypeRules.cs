using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Tidy.Tests;

/// <summary>Rules about the types of the product.</summary>
public sealed partial class TypeRules
{
    /// <summary>Its users are other people's programs.</summary>
    private const string OtherPeoplesApi = "src/Fourteen.ExtensionsAI/";

    /// <summary>
    /// Public types that have no user yet because the verb that needs them is being written. An entry leaves the list
    /// with its first user; nothing may join.
    /// </summary>
    private static readonly string[] AwaitingTheirUser = [];

    private static readonly IReadOnlyDictionary<string, HashSet<string>> FilesByWord = IndexWords();

    /// <summary>The first name after the colon of each class.</summary>
    private static readonly HashSet<string> Bases =
    [
        .. from file in SourceTree.ProductCode
           from Match derived in Derivation().Matches(file.Code)
           select derived.Groups["base"].Value,
    ];

    [Fact]
    public void PublicTypes_HaveAUser_OutsideTheirOwnFile()
    {
        string[] unused =
        [
            .. from file in SourceTree.ProductCode
               where file.Name != "Program" // its user is the operating system
                   && !file.Path.StartsWith(OtherPeoplesApi, StringComparison.Ordinal)
               from Match type in TypeDeclaration().Matches(file.Code)
               where type.Groups["modifiers"].Value.Contains("public", StringComparison.Ordinal)
               let name = type.Groups["name"].Value
               where !IsUsedOutside(file, name) && !ExtensionsOf(file).Any(method => IsUsedOutside(file, method))
               select name,
        ];

        Rule.Holds(
            "A public type arrives with its first user in another file of src; tests do not count.",
            unused.Except(AwaitingTheirUser).Select(DeclarationOf));
        Rule.Holds(
            "A type that has a user leaves the list AwaitingTheirUser.", AwaitingTheirUser.Except(unused));
    }

    [Fact]
    public void Classes_OfTheProduct_AreSealed()
    {
        Rule.Holds(
            "A class that nothing derives from is sealed, static or abstract.",
            from file in SourceTree.ProductCode
            from Match type in TypeDeclaration().Matches(file.Code)
            where type.Groups["kind"].Value is "class" or "record" or "record class"
                && !SealedStaticOrAbstract().IsMatch(type.Groups["modifiers"].Value)
                && !Bases.Contains(type.Groups["name"].Value)
            select file.Describe(type.Groups["name"].Index));
    }

    [Fact]
    public void TypeNames_SayWhatTheTypeIs()
    {
        Rule.Holds(
            "A type is a noun of the field; Manager, Helper, Utils, Impl and Info say nothing.",
            from file in SourceTree.Code
            from Match type in TypeDeclaration().Matches(file.Code)
            where EmptyName().IsMatch(type.Groups["name"].Value)
            select file.Describe(type.Groups["name"].Index));
    }

    private static bool IsUsedOutside(SourceFile file, string word) =>
        FilesByWord.GetValueOrDefault(word)?.Any(user => user != file.Path) ?? false;

    /// <summary>A class of extension methods is used under the names of its methods.</summary>
    private static IEnumerable<string> ExtensionsOf(SourceFile file) =>
        ExtensionMethod().Matches(file.Code).Select(method => method.Groups["name"].Value);

    private static string DeclarationOf(string name)
    {
        foreach (SourceFile file in SourceTree.ProductCode)
        {
            foreach (Match type in TypeDeclaration().Matches(file.Code))
            {
                if (type.Groups["name"].Value == name)
                    return file.Describe(type.Groups["name"].Index);
            }
        }

        return name;
    }

    /// <summary>For each word of the product's code, the files that use it.</summary>
    private static Dictionary<string, HashSet<string>> IndexWords()
    {
        var index = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (SourceFile file in SourceTree.ProductCode)
        {
            foreach (Match word in Word().Matches(file.Code))
            {
                if (!index.TryGetValue(word.Value, out HashSet<string>? files))
                    index.Add(word.Value, files = new HashSet<string>(StringComparer.Ordinal));
                files.Add(file.Path);
            }
        }

        return index;
    }

    [GeneratedRegex(
        @"^[ \t]*(?<modifiers>((public|internal|private|protected|file|sealed|static|abstract|readonly|ref|partial"
        + @"|unsafe|new)\s+)+)"
        + @"(?<kind>record\s+struct|record\s+class|record|class|struct|interface|enum)\s+(?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\b(class|record)\s+\w+(<[^>]*>)?\s*(\([^{;]*?\))?\s*:\s*(?<base>\w+)")]
    private static partial Regex Derivation();

    [GeneratedRegex(@"\b(sealed|static|abstract)\b")]
    private static partial Regex SealedStaticOrAbstract();

    [GeneratedRegex("(Manager|Helpers?|Util|Utils|Utilities|Impl|Info)$")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"(?<name>\w+)(<[^>()]*>)?\(this\s")]
    private static partial Regex ExtensionMethod();

    [GeneratedRegex(@"\b\p{L}\w*\b")]
    private static partial Regex Word();
}
