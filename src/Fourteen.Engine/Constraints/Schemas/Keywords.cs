using System.Collections.Frozen;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>The keywords that restrict nothing, and why others are refused.</summary>
internal static class Keywords
{
    private static readonly FrozenSet<string> _ignored = new[]
    {
        "$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "$vocabulary", "contentEncoding",
        "contentMediaType", "contentSchema", "default", "definitions", "deprecated", "description", "discriminator",
        "example",
        "examples", "externalDocs", "markdownDescription", "readOnly", "title", "writeOnly", "xml",
        // Without the keyword beside which they have a meaning.
        "maxContains", "minContains", "then", "else",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> _refused = new Dictionary<string, string>
    {
        ["additionalItems"] = "this keyword left JSON Schema; write prefixItems and items",
        ["contains"] = "items elsewhere in an array cannot be counted while it is written",
        ["dependencies"] = "this keyword left JSON Schema; write dependentRequired or dependentSchemas",
        ["nullable"] = "this keyword is OpenAPI's; write \"type\": [\"…\", \"null\"]",
        ["unevaluatedItems"] = "what other schemas evaluate is not tracked; write items",
        ["unevaluatedProperties"] = "what other schemas evaluate is not tracked; write additionalProperties",
        ["uniqueItems"] = "items cannot be compared while they are written; leave it out or set maxItems to 1",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a keyword is an annotation or a place for schemas.</summary>
    public static bool IsIgnored(string keyword) =>
        _ignored.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>Why a keyword that nothing handles is refused.</summary>
    public static string Reason(string keyword) => _refused.GetValueOrDefault(
        keyword, "this keyword is not known; annotations of your own begin with x-");
}
