using System.Text.Json.Nodes;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>What becomes of a field of a request.</summary>
public enum FieldTreatment
{
    /// <summary>It does what its API says.</summary>
    Honoured,

    /// <summary>Nothing depends on it, so that it may be there.</summary>
    Harmless,

    /// <summary>It asks for something that is not done here: the request fails and says so.</summary>
    Refused,
}

/// <summary>One field of a request, as documented and as read.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Meaning">What it does, or why it does nothing here; for the API's page and for messages.</param>
/// <param name="Read">Takes its value into the request; does nothing for harmless ones.</param>
public sealed record Field(
    string Name, FieldTreatment Treatment, string Meaning, Action<RequestDraft, WireValue> Read)
{
    /// <summary>Types of JSON, joined by " or ", for the API's page; null for any.</summary>
    public string? Type { get; init; }

    /// <summary>For a refused field, JSON text of the one value that is accepted, as it asks for nothing.</summary>
    public string? Neutral { get; init; }

    /// <summary>The fields of an object that has a table of its own.</summary>
    public FieldTable? Members { get; init; }

    public static Field Honoured(string name, string type, string meaning, Action<RequestDraft, WireValue> read) =>
        new(name, FieldTreatment.Honoured, meaning, read) { Type = type };

    /// <summary>An object whose members are fields.</summary>
    public static Field Object(string name, string meaning, FieldTable members) =>
        new(name, FieldTreatment.Honoured, meaning, members.Read) { Type = "object", Members = members };

    public static Field Harmless(string name, string meaning) =>
        new(name, FieldTreatment.Harmless, meaning, (_, _) => { });

    /// <summary>Not followed, though clients that work without it send it; the response header names it.</summary>
    public static Field Ignored(string name, string meaning) =>
        new(name, FieldTreatment.Harmless, meaning, (draft, value) => draft.Ignore(value.Path));

    public static Field Refused(string name, string meaning) => new(
        name, FieldTreatment.Refused, meaning,
        (_, value) => throw new RequestException(value.Path, $"{value.Path} is not supported: {meaning}"));

    /// <summary>Refused with any value but the one that asks for nothing.</summary>
    /// <param name="neutral">JSON text of that value.</param>
    public static Field RefusedUnless(string name, string neutral, string meaning)
    {
        JsonNode? accepted = JsonNode.Parse(neutral);
        return new Field(name, FieldTreatment.Refused, meaning, (_, value) =>
        {
            if (!JsonNode.DeepEquals(value.Node(), accepted))
            {
                throw new RequestException(
                    value.Path, $"{value.Path} is not supported with another value than {neutral}: {meaning}");
            }
        })
        {
            Neutral = neutral,
        };
    }
}
