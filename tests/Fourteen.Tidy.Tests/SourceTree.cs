namespace Fourteen.Tidy.Tests;

/// <summary>The text files of the repository, by path from its root with forward slashes.</summary>
internal static class SourceTree
{
    private static readonly string[] SkippedFolders =
        [".git", ".vs", ".idea", "bin", "obj", "artifacts", "TestResults", "Golden"];

    private static readonly string[] TextExtensions =
    [
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".md", ".txt", ".sh", ".yml", ".yaml",
        ".editorconfig",
    ];

    private static readonly string Root = FindRoot();

    /// <summary>Every text file: by extension, and the scripts of <c>.ci</c>, which have none.</summary>
    public static IReadOnlyList<SourceFile> Text { get; } = ReadAll();

    /// <summary>The C# files of product and tests.</summary>
    public static IReadOnlyList<SourceFile> Code { get; } =
        [.. Text.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))];

    /// <summary>The C# files of the product.</summary>
    public static IReadOnlyList<SourceFile> ProductCode { get; } = [.. Code.Where(file => file.IsProduct)];

    /// <summary>The project files of the product and the tests.</summary>
    public static IReadOnlyList<SourceFile> Projects { get; } =
        [.. Text.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))];

    private static List<SourceFile> ReadAll()
    {
        var files = new List<SourceFile>();
        var folders = new Stack<string>([Root]);
        while (folders.TryPop(out string? folder))
        {
            foreach (string path in Directory.EnumerateFiles(folder).Where(IsText))
                files.Add(new SourceFile(Path.GetRelativePath(Root, path).Replace('\\', '/'), File.ReadAllText(path)));
            foreach (string child in Directory.EnumerateDirectories(folder))
            {
                if (!SkippedFolders.Contains(Path.GetFileName(child)))
                    folders.Push(child);
            }
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return files;
    }

    private static bool IsText(string path) =>
        TextExtensions.Contains(Path.GetExtension(path)) || Path.GetFileName(Path.GetDirectoryName(path)) == ".ci";

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Fourteen.slnx")))
                return folder;
        }

        throw new InvalidOperationException("The tests must run below the folder that holds Fourteen.slnx.");
    }
}
