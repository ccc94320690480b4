using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>What the parts of an object's schema say together.</summary>
internal sealed class ObjectCases(SchemaShapes shapes)
{
    // Each combination of patterns that a name may match has its own schema.
    private const int PatternsMax = 5;

    /// <summary>Objects without one property.</summary>
    public static ObjectCase Without(string name) => new(
        [new ObjectPart([(name, Conjunction.Nothing)], [], Conjunction.Anything)], [], Conjunction.Anything, 0,
        RepeatExpression.Unbounded);

    /// <summary>The objects that an object case leaves out; null where that cannot be said in cases.</summary>
    public static Shape? Complement(ObjectCase objects)
    {
        bool isPlain = objects.Names.Members.Count == 0
            && objects.Parts.All(part => part.Patterns.Count == 0 && part.Additional.Members.Count == 0);
        if (!isPlain)
            return null;
        List<Case> cases = [.. objects.Required.Select(Without)];
        foreach ((string name, Conjunction schema) in objects.Parts.SelectMany(part => part.Properties))
        {
            foreach (int member in schema.Members)
            {
                var part = new ObjectPart([(name, Conjunction.Of(-member))], [], Conjunction.Anything);
                cases.Add(new ObjectCase([part], [name], Conjunction.Anything, 0, RepeatExpression.Unbounded));
            }
        }

        var any = new ObjectCase([], [], Conjunction.Anything, 0, RepeatExpression.Unbounded);
        if (objects.Min > 0)
            cases.Add(any with { Max = objects.Min - 1 });
        if (objects.Max != RepeatExpression.Unbounded)
            cases.Add(any with { Min = objects.Max + 1 });
        return new Shape(JsonTypes.None, cases);
    }

    /// <summary>The names that the schema mentions: declared ones in order, then required ones that are not.</summary>
    public static List<string> Declared(ObjectCase objects) =>
    [
        .. objects.Parts.SelectMany(part => part.Properties).Select(property => property.Name)
            .Concat(objects.Required).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>What holds of a property by its name.</summary>
    public Conjunction Property(ObjectCase objects, string name)
    {
        if (!IsAllowed(objects.Names, name))
            return Conjunction.Nothing;
        Conjunction all = Conjunction.Anything;
        foreach (ObjectPart part in objects.Parts)
        {
            List<Conjunction> schemas =
            [
                .. part.Properties.Where(property => property.Name == name).Select(property => property.Schema),
                .. part.Patterns.Where(pattern => shapes.Strings.Contains(pattern.Names, name))
                    .Select(pattern => pattern.Schema),
            ];
            all = schemas.Count == 0 ? all.And(part.Additional) : schemas.Aggregate(all, (x, y) => x.And(y));
        }

        return all;
    }

    public bool IsEmpty(ObjectCase objects)
    {
        if (objects.Min > objects.Max || objects.Required.Count > objects.Max)
            return true;
        if (objects.Required.Any(name => shapes.IsEmpty(Property(objects, name))))
            return true;
        bool isClosed = objects.Parts.Any(part => part.Patterns.Count == 0 && shapes.IsEmpty(part.Additional));
        return isClosed && objects.Min > 0
            && Declared(objects).Count(name => !shapes.IsEmpty(Property(objects, name))) < objects.Min;
    }

    /// <summary>
    /// The names beside the declared ones, as disjoint sets of texts between quotes, each with what holds of the
    /// property. A null set is any string, however it is written.
    /// </summary>
    /// <exception cref="ConstraintException">There are too many patterns.</exception>
    public List<(Expression? Names, Conjunction Schema)> Others(ObjectCase objects)
    {
        StringTexts strings = shapes.Strings;
        List<Expression> patterns =
            [.. objects.Parts.SelectMany(part => part.Patterns).Select(pattern => pattern.Names).Distinct()];
        if (patterns.Count > PatternsMax)
            throw ConstraintException.TooLarge("patternProperties at one place", PatternsMax);
        List<string> declared = Declared(objects);
        List<Expression> always = [];
        if (declared.Count > 0)
            always.Add(strings.Table.Not(strings.Of(strings.Among(declared))));
        if (AllowedNames(objects.Names) is { } allowed)
            always.Add(allowed);
        var others = new List<(Expression?, Conjunction)>();
        for (int matched = 0; matched < 1 << patterns.Count; matched++)
        {
            HashSet<Expression> matching = [.. patterns.Where((_, i) => (matched >> i & 1) != 0)];
            Conjunction schema = SchemaWhere(objects, matching);
            if (shapes.IsEmpty(schema))
                continue;
            List<Expression> terms = [.. always, .. patterns.Select(
                pattern => matching.Contains(pattern) ? pattern : strings.Table.Not(pattern))];
            if (terms.Count == 0)
            {
                others.Add((null, schema));
                continue;
            }

            terms.Add(strings.Table.Star(strings.Text.Canonical));
            Expression names = strings.All(terms);
            if (names is not NothingExpression)
                others.Add((names, schema));
        }

        return others;
    }

    private static Conjunction SchemaWhere(ObjectCase objects, HashSet<Expression> matching)
    {
        Conjunction all = Conjunction.Anything;
        foreach (ObjectPart part in objects.Parts)
        {
            List<Conjunction> schemas =
                [.. part.Patterns.Where(pattern => matching.Contains(pattern.Names)).Select(pattern => pattern.Schema)];
            all = schemas.Count == 0 ? all.And(part.Additional) : schemas.Aggregate(all, (x, y) => x.And(y));
        }

        return all;
    }

    /// <summary>The names that propertyNames allows; null for all.</summary>
    private Expression? AllowedNames(Conjunction names)
    {
        Shape shape = names.Members.Count == 0 ? Shape.Anything : shapes.Of(names);
        if ((shape.Free & JsonTypes.String) != 0)
            return null;
        // Escapes that only a free string may use do not match a canonical name.
        return shapes.Strings.Table.Or([.. shape.Cases.OfType<StringCase>().Select(shapes.Strings.Of)]);
    }

    private bool IsAllowed(Conjunction names, string name) =>
        AllowedNames(names) is not { } allowed || shapes.Strings.Contains(allowed, name);
}
