using System.Collections.Frozen;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>The formats of strings: those that are enforced, as patterns, and those that remain annotations.</summary>
internal static class Formats
{
    private const string Year = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})";
    private const string LeapYear =
        "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)";

    private const string Date =
        "(" + Year + "-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
        + "|02-(0[1-9]|1[0-9]|2[0-8]))|" + LeapYear + "-02-29)";

    // Offsets that exist; leap seconds are not written, since most readers refuse them.
    private const string Time =
        @"(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))";

    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    private const string Octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static readonly FrozenDictionary<string, string> _patterns = new Dictionary<string, string>
    {
        ["date"] = $"^{Date}$",
        ["time"] = $"^{Time}$",
        ["date-time"] = $"^{Date}T{Time}$",
        ["uuid"] = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        ["email"] = $@"^[A-Za-z0-9_+-]{{1,32}}(\.[A-Za-z0-9_+-]{{1,10}}){{0,2}}@({Label}\.){{1,3}}[A-Za-z]{{2,24}}$",
        ["ipv4"] = $@"^({Octet}\.){{3}}{Octet}$",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> _annotations = new[]
    {
        // Of JSON Schema.
        "uri", "uri-reference", "uri-template", "iri", "iri-reference", "hostname", "idn-hostname", "idn-email", "ipv6",
        "json-pointer", "relative-json-pointer", "regex", "duration",
        // Of OpenAPI; ranges of numbers are given by minimum and maximum.
        "int32", "int64", "float", "double", "byte", "binary", "password", "decimal", "uint32", "uint64", "url",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The pattern of a format that is enforced, or null.</summary>
    public static string? Pattern(string format) => _patterns.GetValueOrDefault(format);

    /// <summary>Whether a format stays an annotation, as the specification has it by default.</summary>
    public static bool IsAnnotation(string format) => _annotations.Contains(format);
}
