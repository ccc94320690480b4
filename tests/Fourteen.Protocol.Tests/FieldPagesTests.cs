using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Pages that are made of the tables.</summary>
public sealed class FieldPagesTests
{
    private const string Rewrite = "FOURTEEN_WRITE_DOCS";

    private static readonly string Page = Path.Combine(SharedFiles.RepositoryRoot, "docs", "api-fields.md");

    [Fact]
    public void ApiFieldsPage_OfTheRepository_IsWhatTheTablesSay()
    {
        string rendered = FieldPages.RenderMarkdown();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
            File.WriteAllText(Page, rendered);

        Assert.True(
            File.Exists(Page) && File.ReadAllText(Page).ReplaceLineEndings("\n") == rendered,
            $"docs/api-fields.md is not what the tables give; write it anew: {Rewrite}=1 dotnet run --project "
            + $"tests/Fourteen.Protocol.Tests -- -class {typeof(FieldPagesTests).FullName}");
    }

    [Fact]
    public void Schemas_OfAllEndpoints_NameEveryFieldWithATypeOfJsonSchema()
    {
        string[] types = ["string", "number", "integer", "boolean", "array", "object"];
        foreach (DialectEndpoint endpoint in DialectTable.Endpoints)
        {
            var properties = (JsonObject)FieldPages.RenderSchema(endpoint.Fields)["properties"]!;
            Assert.Equal(endpoint.Fields.Fields.Select(field => field.Name), properties.Select(pair => pair.Key));
            foreach ((string name, JsonNode? schema) in properties)
            {
                IEnumerable<string?> named = schema!["type"] is JsonArray several
                    ? several.Select(type => (string?)type)
                    : schema["type"] is { } one ? [(string?)one] : [];
                Assert.All(named, type => Assert.Contains(type, types));
                Assert.EndsWith(".", (string?)schema["description"], StringComparison.Ordinal);
                Assert.True((string?)schema["x-fourteen-treatment"] != "honoured" || named.Any(), name);
            }
        }
    }

    [Fact]
    public void Schemas_OfNestedObjects_HaveTheirMembers()
    {
        JsonObject schema = FieldPages.RenderSchema(Bodies.Endpoint("/api/chat").Fields);

        Assert.Equal("integer", (string?)schema["properties"]!["options"]!["properties"]!["num_ctx"]!["type"]);
        Assert.Equal("[false]", schema["properties"]!["shift"]!["enum"]!.ToJsonString());
    }

    [Fact]
    public void Paths_OfTheTable_AreThereOnce()
    {
        string[] paths = [.. DialectTable.Endpoints.SelectMany(endpoint => endpoint.Aliases.Prepend(endpoint.Path))];

        Assert.Equal(paths.Distinct(), paths);
        Assert.All(DialectTable.Endpoints, endpoint => Assert.True(endpoint.Chat is null ^ endpoint.Query is null));
    }
}
