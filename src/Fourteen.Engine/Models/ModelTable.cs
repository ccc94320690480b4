using Fourteen.Engine.Gguf;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Models;

/// <summary>What makes an architecture differ from the others, as data for the one forward pass.</summary>
/// <param name="Name">Value of <c>general.architecture</c>, and prefix of its keys.</param>
/// <param name="RopePairs">Which lanes turn together in its GGUF files.</param>
public sealed record Architecture(string Name, RopePairs RopePairs)
{
    /// <summary>Whether each head of query and key is RMS-normalized before it is turned.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether query, key and value have a bias each.</summary>
    public bool QueryKeyValueBias { get; init; }
}

/// <summary>The architectures that can be run, one row each.</summary>
public static class ModelTable
{
    private static readonly Architecture[] Rows = [Qwen3.Row, Qwen2.Row, Llama.Row];

    public static IReadOnlyList<Architecture> All => Rows;

    /// <summary>The row that the metadata names; throws <see cref="ModelFileException"/> where there is none.</summary>
    public static Architecture Require(GgufMetadata metadata)
    {
        const string Key = "general.architecture";
        string name = metadata.RequireString(Key);
        return Array.Find(Rows, row => row.Name == name) ?? throw new ModelFileException(
            metadata.Path, Key,
            $"must be one of {string.Join(", ", Rows.Select(row => row.Name))}, "
            + $"found \"{GgufCursor.Printable(name)}\"");
    }
}
