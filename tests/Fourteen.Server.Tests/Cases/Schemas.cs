using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>JSON Schema by somebody else's library.</summary>
internal static class Schemas
{
    internal static void AssertValid(JsonNode schema, string text) =>
        Assert.True(IsValid(schema, text), $"not valid by {schema.ToJsonString()}: {text}");

    /// <summary>The row's own examples, without which a validator that accepts all would not be noticed.</summary>
    internal static void AssertExamples(JsonNode schema, CaseRow row)
    {
        Assert.All(row.Expected["accepted"]!.AsArray(), value => Assert.True(IsValid(schema, value!.ToJsonString())));
        Assert.All(row.Expected["rejected"]!.AsArray(), value => Assert.False(IsValid(schema, value!.ToJsonString())));
    }

    private static bool IsValid(JsonNode schema, string text)
    {
        using JsonDocument value = JsonDocument.Parse(text);
        var options = new BuildOptions { SchemaRegistry = new SchemaRegistry() };
        return JsonSchema.FromText(schema.ToJsonString(), options).Evaluate(value.RootElement).IsValid;
    }
}
