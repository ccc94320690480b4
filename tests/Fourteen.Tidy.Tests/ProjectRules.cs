using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Fourteen.Tidy.Tests;

/// <summary>Rules about the project files: who knows whom, and what only one place may say.</summary>
public sealed partial class ProjectRules
{
    /// <summary>Direct references of each product assembly: the picture of ARCHITECTURE.md, exactly.</summary>
    private static readonly Dictionary<string, string[]> References = new()
    {
        ["Fourteen.Formats"] = [],
        ["Fourteen.Kernels"] = ["Fourteen.Formats"],
        ["Fourteen.Protocol"] = [],
        ["Fourteen.Engine"] = ["Fourteen.Kernels", "Fourteen.Protocol"],
        ["Fourteen.ExtensionsAI"] = ["Fourteen.Protocol"],
        ["Fourteen.Server"] = ["Fourteen.Engine"],
        ["Fourteen.Cli"] = ["Fourteen.Server"],
    };

    [Fact]
    public void ProductProjects_Reference_WhatTheTableSays()
    {
        var found = SourceTree.Projects.Where(project => project.IsProduct)
            .ToDictionary(project => project.Name, ReferencesOf);

        Rule.Holds(
            "A product assembly references what the table in ProjectRules.cs lists; a new one gets a row there.",
            found.Keys.Union(References.Keys).Order()
                .Where(name => Describe(References.GetValueOrDefault(name)) != Describe(found.GetValueOrDefault(name)))
                .Select(name => $"src/{name}: table: {Describe(References.GetValueOrDefault(name))}; "
                    + $"project: {Describe(found.GetValueOrDefault(name))}"));
    }

    [Fact]
    public void Projects_InTheTree_StandInTheSolution()
    {
        string solution = SourceTree.Text.Single(file => file.Path == "Fourteen.slnx").Text;

        Rule.Holds(
            "Every project stands in Fourteen.slnx: what does not is neither built nor tested. Benchmarks bring their "
                + "peers' large packages, so .ci/run builds them apart.",
            SourceTree.Projects.Where(project => !project.Path.StartsWith("benchmarks/", StringComparison.Ordinal))
                .Where(project => !solution.Contains($"\"{project.Path}\"", StringComparison.Ordinal))
                .Select(project => project.Path));
    }

    [Fact]
    public void UnsafeCode_InTheProduct_IsAllowedInKernelsAlone()
    {
        Rule.Holds(
            "Unsafe code is for Fourteen.Kernels alone.",
            SourceTree.Projects.Where(project => project.IsProduct && project.Name != "Fourteen.Kernels")
                .SelectMany(project => project.FindInText(UnsafeBlocks())));
    }

    [Fact]
    public void Internals_OfAnAssembly_AreVisibleToNoOther()
    {
        Rule.Holds(
            "A boundary between assemblies is closed: what tests reach is public.",
            SourceTree.Code.Where(file => file.Name != nameof(ProjectRules))
                .Concat(SourceTree.Projects).SelectMany(file => file.FindInText(FriendAssembly())));
    }

    [Fact]
    public void PackageVersions_StandInOnePlace()
    {
        Rule.Holds(
            "The version of a package stands in Directory.Packages.props alone.",
            SourceTree.Text.Where(file => file.Path.EndsWith("proj", StringComparison.Ordinal)
                    || file.Path.EndsWith("Directory.Build.props", StringComparison.Ordinal))
                .SelectMany(file => file.FindInText(VersionedPackage())));
    }

    private static string[] ReferencesOf(SourceFile project) =>
    [
        .. XDocument.Parse(project.Text).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(((string?)reference.Attribute("Include") ?? "?")
                .Replace('\\', '/')))
            .Order(),
    ];

    private static string Describe(string[]? references) =>
        references is null ? "(no such project)" : references.Length == 0 ? "(none)" : string.Join(", ", references);

    [GeneratedRegex("AllowUnsafeBlocks")]
    private static partial Regex UnsafeBlocks();

    [GeneratedRegex("InternalsVisibleTo")]
    private static partial Regex FriendAssembly();

    [GeneratedRegex("""<PackageReference[^>]*\bVersion(Override)?=""")]
    private static partial Regex VersionedPackage();
}
