namespace Fourteen.Protocol.Dialects;

/// <summary>
/// All fields that an object of a dialect may have. Each is honoured, harmless or refused; one that is not listed is
/// noted in the draft, and the response names it.
/// </summary>
public sealed class FieldTable
{
    private readonly Dictionary<string, Field> _fields;

    public FieldTable(params IEnumerable<Field> fields)
    {
        Fields = [.. fields];
        _fields = Fields.ToDictionary(field => field.Name);
    }

    /// <summary>In the order of the API's page.</summary>
    public IReadOnlyList<Field> Fields { get; }

    /// <summary>Reads an object's members into the draft, in the order of this table.</summary>
    public void Read(RequestDraft draft, WireValue value)
    {
        foreach ((string name, WireValue member) in value.Members())
        {
            if (!_fields.ContainsKey(name))
                draft.Ignore(member.Path);
        }

        foreach (Field field in Fields)
        {
            if (value.Member(field.Name) is { } member)
                field.Read(draft, member);
        }
    }
}
