using System.Text.Json;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>Whether one value, from <c>const</c> or <c>enum</c>, satisfies what stands beside it.</summary>
internal sealed class ValueCheck(SchemaShapes shapes)
{
    public bool Satisfies(JsonElement value, Case shape) => shape switch
    {
        LiteralCase literal => JsonElement.DeepEquals(literal.Value, value),
        NumberCase numbers => ExactDecimal.From(value) is { } number && IsWithin(number, numbers),
        StringCase strings => value.ValueKind == JsonValueKind.String
            && shapes.Strings.Contains(shapes.Strings.Of(strings), value.GetString()!), // A JSON string is not null.
        ArrayCase arrays => IsArray(value, arrays),
        ObjectCase objects => IsObject(value, objects),
        _ => throw new ArgumentException($"no such case: {shape.Type}", nameof(shape)),
    };

    private bool Satisfies(JsonElement value, Conjunction conjunction)
    {
        if (conjunction.Members.Count == 0)
            return true;
        Shape shape = shapes.Of(conjunction);
        JsonTypes type = LiteralCase.TypeOf(value);
        return (shape.Free & type) != 0
            || shape.Cases.Any(member => member.Type == type && Satisfies(value, member));
    }

    private static bool IsWithin(ExactDecimal number, NumberCase numbers)
    {
        if (numbers.IsInteger && !number.IsInteger)
            return false;
        int above = numbers.Min is { } min ? number.CompareTo(min.Value) : 1;
        int below = numbers.Max is { } max ? max.Value.CompareTo(number) : 1;
        return (above > 0 || (above == 0 && numbers.Min is { IsStrict: false }))
            && (below > 0 || (below == 0 && numbers.Max is { IsStrict: false }))
            && numbers.MultiplesOf.All(number.IsMultipleOf);
    }

    private bool IsArray(JsonElement value, ArrayCase arrays)
    {
        int count = value.GetArrayLength();
        return count >= arrays.Min && count <= arrays.Max
            && value.EnumerateArray().Index().All(item => Satisfies(item.Item, arrays.Item(item.Index)));
    }

    private bool IsObject(JsonElement value, ObjectCase objects)
    {
        var cases = new ObjectCases(shapes);
        List<string> names = [.. value.EnumerateObject().Select(property => property.Name)];
        return names.Count >= objects.Min && (objects.Max == RepeatExpression.Unbounded || names.Count <= objects.Max)
            && objects.Required.All(names.Contains)
            && value.EnumerateObject().All(
                property => Satisfies(property.Value, cases.Property(objects, property.Name)));
    }
}
