using System.Text.Json;
using Xunit;

namespace Fourteen.Testing;

/// <summary>
/// The folders of golden/models. All are walked; those whose architecture an issue still has to bring are skipped by
/// name.
/// </summary>
public static class GoldenModels
{
    /// <summary>Each folder's name and the model in it, once for each form of file.</summary>
    public static TheoryData<string, string> Files()
    {
        var data = new TheoryData<string, string>();
        string? root = SharedFiles.FindGolden("models");
        string[] folders = root is null ? [] : Directory.GetDirectories(root);
        foreach (string folder in folders.Order(StringComparer.Ordinal))
        {
            foreach (string file in (string[])["model.gguf", "model.safetensors"])
            {
                if (File.Exists(Path.Combine(folder, "cases.json")) && File.Exists(Path.Combine(folder, file)))
                    data.Add(Path.GetFileName(folder), file);
            }
        }

        return data;
    }

    /// <summary>A folder's cases; the caller disposes them.</summary>
    public static JsonDocument ReadCases(string folder) =>
        JsonDocument.Parse(File.ReadAllText(SharedFiles.Golden($"models/{folder}/cases.json")));

    /// <summary>A list of integers.</summary>
    public static int[] Integers(JsonElement item, string name) =>
        [.. item.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>The model's path, or a skipped test that says which issue brings the architecture.</summary>
    public static string Require(string folder, string file)
    {
        string golden = SharedFiles.Golden($"models/{folder}/{file}");
        Assert.SkipWhen(
            folder.StartsWith("falcon", StringComparison.Ordinal) || folder == "bitnet",
            $"golden/models/{folder}: this architecture is not supported yet (issue D)");
        return file == "model.gguf" ? golden : Path.GetDirectoryName(golden)!; // A file's path has a folder.
    }
}
