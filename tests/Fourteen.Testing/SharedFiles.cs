using Xunit;

namespace Fourteen.Testing;

/// <summary>
/// Files to test against: the compact goldens in the repository (<c>tests/Golden</c>), the embedded model
/// (<c>models</c>), and the larger set in the folder <c>shared</c> beside the repository. A test that needs what is not
/// there is skipped with the reason.
/// </summary>
public static class SharedFiles
{
    /// <summary>The root of the repository, found upwards from the test program.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The folder <c>shared</c> beside the repository, or null.</summary>
    public static string? SharedRoot { get; } = FindShared();

    /// <summary>
    /// A golden file or folder by its path below <c>golden/</c>, e.g. <c>quant/q4_0.bin</c>: from <c>shared</c> where
    /// it is, else from the repository's copy, else null.
    /// </summary>
    public static string? FindGolden(string relative) =>
        Existing(SharedRoot is null ? null : Path.Combine(SharedRoot, "golden", relative))
        ?? Existing(Path.Combine(RepositoryRoot, "tests", "Golden", relative));

    /// <summary>A model file or folder by its path below <c>models/</c>, e.g.
    /// <c>vocab/smollm2-vocab.gguf</c>.</summary>
    public static string? FindModel(string relative) =>
        Existing(SharedRoot is null ? null : Path.Combine(SharedRoot, "models", relative))
        ?? Existing(Path.Combine(RepositoryRoot, "models", relative))
        ?? Existing(Path.Combine(RepositoryRoot, "tests", "Golden", "models", relative));

    /// <summary>The golden path, or a skipped test.</summary>
    public static string Golden(string relative) => Require(FindGolden(relative), $"golden/{relative}");

    /// <summary>The model path, or a skipped test.</summary>
    public static string Model(string relative) => Require(FindModel(relative), $"models/{relative}");

    private static string Require(string? found, string name)
    {
        Assert.SkipWhen(found is null, $"{name} is not here: it needs the folder 'shared' beside the repository");
        return found!; // The line above ends the test where it is null.
    }

    private static string? Existing(string? path) => path is not null && Path.Exists(path) ? path : null;

    private static string? FindShared() =>
        Existing(Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared")));

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
