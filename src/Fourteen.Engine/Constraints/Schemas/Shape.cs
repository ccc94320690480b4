using System.Text.Json;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>The types of JSON; integers are numbers.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Number = 4,
    String = 8,
    Array = 16,
    Object = 32,
    All = 63,
}

/// <summary>
/// A schema as a union: types that are free, and restricted cases of other types. Every keyword of a schema, and every
/// schema that holds at the same place, is one intersection of such unions, so that none is forgotten beside another.
/// </summary>
/// <param name="Free">The types of which every value is allowed; no case has one of them.</param>
/// <param name="Cases">What else is allowed.</param>
internal sealed record Shape(JsonTypes Free, IReadOnlyList<Case> Cases)
{
    public static Shape Anything { get; } = new(JsonTypes.All, []);

    public static Shape Nothing { get; } = new(JsonTypes.None, []);

    public bool IsNothing => Free == JsonTypes.None && Cases.Count == 0;

    public static Shape Of(Case only) => new(JsonTypes.None, [only]);

    public static Shape Union(IEnumerable<Shape> shapes)
    {
        var free = JsonTypes.None;
        List<Case> cases = [];
        foreach (Shape shape in shapes)
        {
            free |= shape.Free;
            cases.AddRange(shape.Cases);
        }

        List<Case> kept = [.. cases.Where(member => (member.Type & free) == 0)];
        if (kept.Count > ConstraintLimits.CasesMax)
            throw ConstraintException.TooLarge("cases of one schema", ConstraintLimits.CasesMax);
        return new Shape(free, kept);
    }
}

/// <summary>Some of the values of one type.</summary>
internal abstract record Case(JsonTypes Type);

/// <summary>One value.</summary>
internal sealed record LiteralCase(JsonElement Value) : Case(TypeOf(Value))
{
    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => JsonTypes.Number,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };
}

/// <summary>A bound of numbers; a strict one is not met itself.</summary>
internal readonly record struct NumberBound(ExactDecimal Value, bool IsStrict);

/// <summary>Numbers within bounds.</summary>
internal sealed record NumberCase(
    bool IsInteger, NumberBound? Min, NumberBound? Max, IReadOnlyList<ExactDecimal> MultiplesOf)
    : Case(JsonTypes.Number)
{
    public bool IsPlain => Min is null && Max is null && MultiplesOf.Count == 0;
}

/// <summary>Strings whose text between the quotes belongs to all terms, of so many code points.</summary>
/// <param name="Terms">Sets of canonical texts (<see cref="JsonText"/>), or complements of such.</param>
/// <param name="Min">The least count.</param>
/// <param name="Max">The largest count.</param>
internal sealed record StringCase(IReadOnlyList<Expression> Terms, int Min, int Max) : Case(JsonTypes.String);

/// <summary>Schemas that hold together at one place: indices of nodes from 1, negative where one must not hold; sorted.
/// None means that everything is allowed.</summary>
internal sealed record Conjunction(IReadOnlyList<int> Members)
{
    public static Conjunction Anything { get; } = new([]);

    /// <summary>The node 1 is the schema <c>true</c>.</summary>
    public static Conjunction Nothing { get; } = new([-1]);

    public static Conjunction Of(int member) => member == 1 ? Anything : new([member]);

    public Conjunction And(Conjunction other) => other.Members.Count == 0 ? this
        : Members.Count == 0 ? other
        : new([.. Members.Union(other.Members).Order()]);

    public bool Equals(Conjunction? other) => other is not null && Members.SequenceEqual(other.Members);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (int member in Members)
            hash.Add(member);
        return hash.ToHashCode();
    }
}

/// <summary>What one schema says of items: the first ones each, and all others.</summary>
internal sealed record ArrayPart(IReadOnlyList<Conjunction> Prefix, Conjunction Rest);

/// <summary>Arrays whose items satisfy all parts.</summary>
internal sealed record ArrayCase(IReadOnlyList<ArrayPart> Parts, int Min, int Max) : Case(JsonTypes.Array)
{
    public int PrefixLength => Parts.Count == 0 ? 0 : Parts.Max(part => part.Prefix.Count);

    /// <summary>What holds of an item; at or beyond <see cref="PrefixLength"/>, of each.</summary>
    public Conjunction Item(int index)
    {
        Conjunction all = Conjunction.Anything;
        foreach (ArrayPart part in Parts)
            all = all.And(index < part.Prefix.Count ? part.Prefix[index] : part.Rest);
        return all;
    }
}

/// <summary>What one schema says of properties: by name, by pattern of the name, and of those that neither meets.
/// </summary>
/// <param name="Properties">In the order of the schema.</param>
/// <param name="Patterns">A set of canonical texts, and what holds where the name belongs to it.</param>
/// <param name="Additional">What holds for others.</param>
internal sealed record ObjectPart(
    IReadOnlyList<(string Name, Conjunction Schema)> Properties,
    IReadOnlyList<(Expression Names, Conjunction Schema)> Patterns,
    Conjunction Additional);

/// <summary>Objects whose properties satisfy all parts.</summary>
/// <param name="Parts">What holds of the properties.</param>
/// <param name="Required">Names that must be there.</param>
/// <param name="Names">What the names satisfy, as strings.</param>
/// <param name="Min">The least count of properties.</param>
/// <param name="Max">The largest count.</param>
internal sealed record ObjectCase(
    IReadOnlyList<ObjectPart> Parts, IReadOnlyList<string> Required, Conjunction Names, int Min, int Max)
    : Case(JsonTypes.Object);
