using System.Text.Json;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>Intersections and complements of <see cref="Shape"/>s.</summary>
internal sealed class ShapeAlgebra(SchemaShapes shapes)
{
    private static readonly JsonElement _true = JsonDocument.Parse("true").RootElement.Clone();
    private static readonly JsonElement _false = JsonDocument.Parse("false").RootElement.Clone();

    private readonly Dictionary<Case, bool> _empty = new(ReferenceEqualityComparer.Instance);
    private int _intersections;

    /// <summary>What both allow, without cases that certainly allow nothing.</summary>
    public Shape Intersect(Shape x, Shape y)
    {
        List<Case> cases = [];
        foreach (Case first in x.Cases)
        {
            if ((y.Free & first.Type) != 0)
                Keep(first);
            foreach (Case second in y.Cases.Where(second => second.Type == first.Type))
            {
                if (++_intersections > ConstraintLimits.IntersectionsMax)
                    throw ConstraintException.TooLarge("pairs of cases", ConstraintLimits.IntersectionsMax);
                Keep(Merge(first, second));
            }
        }

        foreach (Case second in y.Cases.Where(second => (x.Free & second.Type) != 0))
            Keep(second);
        return new Shape(x.Free & y.Free, cases);

        void Keep(Case? kept)
        {
            if (kept is null || IsEmpty(kept))
                return;
            cases.Add(kept);
            if (cases.Count > ConstraintLimits.CasesMax)
                throw ConstraintException.TooLarge("cases of one schema", ConstraintLimits.CasesMax);
        }
    }

    /// <summary>What a shape does not allow; null, with the reason, where that cannot be said in shapes.</summary>
    public Shape? Complement(Shape shape, out string reason)
    {
        reason = "";
        var free = JsonTypes.None;
        List<Case> cases = [];
        foreach (JsonTypes type in Enum.GetValues<JsonTypes>())
        {
            if (type is JsonTypes.None or JsonTypes.All || (shape.Free & type) != 0)
                continue;
            var rest = new Shape(type, []);
            foreach (Case member in shape.Cases.Where(member => member.Type == type))
            {
                if (ComplementCase(member) is not { } complement)
                {
                    reason = $"all but this {type.ToString().ToLowerInvariant()} schema cannot be written as a grammar";
                    return null;
                }

                rest = Intersect(rest, complement);
            }

            free |= rest.Free;
            cases.AddRange(rest.Cases);
        }

        return new Shape(free, cases);
    }

    private bool IsEmpty(Case shape)
    {
        if (_empty.TryGetValue(shape, out bool known))
            return known;
        bool isEmpty = shape switch
        {
            NumberCase { IsPlain: false } numbers =>
                NumberText.Bounded(shapes.Strings.Table, numbers) is NothingExpression,
            StringCase strings => shapes.Strings.Of(strings) is NothingExpression,
            ArrayCase arrays => IsEmpty(arrays),
            ObjectCase objects => new ObjectCases(shapes).IsEmpty(objects),
            _ => false,
        };
        _empty[shape] = isEmpty;
        return isEmpty;
    }

    private bool IsEmpty(ArrayCase arrays)
    {
        if (arrays.Min > arrays.Max)
            return true;
        for (int i = 0; i < arrays.Min && i <= arrays.PrefixLength; i++)
        {
            if (shapes.IsEmpty(arrays.Item(i)))
                return true;
        }

        return false;
    }

    private Case? Merge(Case first, Case second)
    {
        if (first is LiteralCase || second is LiteralCase)
        {
            (LiteralCase literal, Case other) = first is LiteralCase value
                ? (value, second)
                : ((LiteralCase)second, first);
            return new ValueCheck(shapes).Satisfies(literal.Value, other) ? literal : null;
        }

        return (first, second) switch
        {
            (NumberCase x, NumberCase y) => new NumberCase(
                x.IsInteger || y.IsInteger,
                KeywordReader.Tighter(x.Min, y.Min, isMin: true),
                KeywordReader.Tighter(x.Max, y.Max, isMin: false),
                [.. x.MultiplesOf.Union(y.MultiplesOf)]),
            (StringCase x, StringCase y) => new StringCase(
                [.. x.Terms.Union(y.Terms)], Math.Max(x.Min, y.Min), Math.Min(x.Max, y.Max)),
            (ArrayCase x, ArrayCase y) => new ArrayCase(
                [.. x.Parts, .. y.Parts], Math.Max(x.Min, y.Min), Math.Min(x.Max, y.Max)),
            (ObjectCase x, ObjectCase y) => new ObjectCase(
                [.. x.Parts, .. y.Parts], [.. x.Required.Union(y.Required, StringComparer.Ordinal)],
                x.Names.And(y.Names), Math.Max(x.Min, y.Min), Math.Min(x.Max, y.Max)),
            _ => throw new ArgumentException($"cases of two types: {first.Type} and {second.Type}", nameof(second)),
        };
    }

    private Shape? ComplementCase(Case member)
    {
        switch (member)
        {
            case LiteralCase literal:
                return ComplementLiteral(literal);
            case NumberCase { IsInteger: false, MultiplesOf.Count: 0 } numbers:
                return new Shape(JsonTypes.None, [.. Outside(numbers.Min, numbers.Max)]);
            case StringCase strings:
                return Shape.Of(shapes.Strings.Complement(strings));
            case ArrayCase arrays when arrays.Parts.All(part => part.Prefix.Count == 0 && part.Rest.Members.Count == 0):
                return new Shape(JsonTypes.None, [.. Outside(arrays)]);
            case ObjectCase objects:
                return ObjectCases.Complement(objects);
            default:
                return null;
        }
    }

    private static Shape? ComplementLiteral(LiteralCase literal)
    {
        JsonElement value = literal.Value;
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return Shape.Nothing;
            case JsonValueKind.True or JsonValueKind.False:
                return Shape.Of(new LiteralCase(value.ValueKind == JsonValueKind.True ? _false : _true));
            case JsonValueKind.Number when ExactDecimal.From(value) is { } number:
                var bound = new NumberBound(number, IsStrict: false);
                return new Shape(JsonTypes.None, [.. Outside(bound, bound)]);
            default:
                return null;
        }
    }

    private static IEnumerable<Case> Outside(NumberBound? min, NumberBound? max)
    {
        if (min is { } low)
            yield return new NumberCase(false, null, low with { IsStrict = !low.IsStrict }, []);
        if (max is { } high)
            yield return new NumberCase(false, high with { IsStrict = !high.IsStrict }, null, []);
    }

    private static IEnumerable<Case> Outside(ArrayCase arrays)
    {
        if (arrays.Min > 0)
            yield return arrays with { Min = 0, Max = arrays.Min - 1 };
        if (arrays.Max != RepeatExpression.Unbounded)
            yield return arrays with { Min = arrays.Max + 1, Max = RepeatExpression.Unbounded };
    }
}
