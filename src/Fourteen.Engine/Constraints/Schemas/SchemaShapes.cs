using System.Text.Json;
using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// What schemas allow, as <see cref="Shape"/>s: the keywords of types, then the schemas that hold at the same place
/// (references, allOf, anyOf, oneOf, not, conditions), intersected. Each is worked out once.
/// </summary>
internal sealed class SchemaShapes
{
    // Required parts within required parts that are searched for a contradiction; beyond, there may be one.
    private const int EmptinessDepthMax = 24;

    // Schemas that are being read at all places together, before looking into parts stops: each is some calls deep.
    private const int ReadingDepthMax = 64;

    private readonly SchemaDocument _document;
    private readonly KeywordReader _reader;
    private readonly ShapeAlgebra _algebra;
    private readonly List<ConstraintProblem> _problems;
    private readonly Dictionary<int, Shape> _nodes = [];
    private readonly Dictionary<Conjunction, Shape> _shapes = [];
    private readonly Dictionary<Conjunction, bool> _empty = [];
    private HashSet<int> _open = [];
    private int _emptinessDepth;
    private int _readingDepth;

    public SchemaShapes(
        SchemaDocument document, KeywordReader reader, StringTexts strings, List<ConstraintProblem> problems)
    {
        _document = document;
        _reader = reader;
        _problems = problems;
        Strings = strings;
        _algebra = new ShapeAlgebra(this);
    }

    public StringTexts Strings { get; }

    /// <summary>What satisfies all members of a conjunction.</summary>
    public Shape Of(Conjunction conjunction)
    {
        if (_shapes.TryGetValue(conjunction, out Shape? known))
            return known;
        Shape shape = Shape.Anything;
        foreach (int member in conjunction.Members)
            shape = _algebra.Intersect(shape, OfMember(member));
        _shapes[conjunction] = shape;
        if (_shapes.Count > ConstraintLimits.ConjunctionsMax)
            throw ConstraintException.TooLarge("schemas that hold together", ConstraintLimits.ConjunctionsMax);
        return shape;
    }

    /// <summary>Whether it is certain that no value satisfies a conjunction.</summary>
    public bool IsEmpty(Conjunction conjunction)
    {
        if (conjunction.Members.Count == 0)
            return false;
        if (_empty.TryGetValue(conjunction, out bool known))
            return known;
        if (_emptinessDepth >= EmptinessDepthMax || _readingDepth >= ReadingDepthMax)
            return false;
        _emptinessDepth++;
        _empty[conjunction] = false; // What contains itself is not empty because of that.
        HashSet<int> outside = _open; // A part is another place: what is open here may be there again.
        _open = [];
        bool isEmpty = Of(conjunction).IsNothing;
        _open = outside;
        _empty[conjunction] = isEmpty;
        _emptinessDepth--;
        return isEmpty;
    }

    private Shape OfMember(int member)
    {
        if (_nodes.TryGetValue(member, out Shape? known))
            return known;
        SchemaNode node = _document.Node(Math.Abs(member));
        if (!_open.Add(member))
        {
            _problems.Add(new ConstraintProblem(node.Pointer, "$ref", "this schema is defined by itself alone"));
            return Shape.Anything;
        }

        if (_open.Count > ConstraintLimits.NestingMax)
            throw ConstraintException.TooLarge("schemas at one place", ConstraintLimits.NestingMax);
        _readingDepth++;
        Shape shape = member > 0 ? Read(node) : Complement(node);
        _readingDepth--;
        _open.Remove(member);
        _nodes[member] = shape;
        return shape;
    }

    private Shape Complement(SchemaNode node)
    {
        if (_algebra.Complement(OfMember(node.Index), out string reason) is { } shape)
            return shape;
        _problems.Add(new ConstraintProblem(node.Pointer, "not", reason));
        return Shape.Anything;
    }

    private Shape Read(SchemaNode node)
    {
        switch (node.Schema.ValueKind)
        {
            case JsonValueKind.True:
                return Shape.Anything;
            case JsonValueKind.False:
                return Shape.Nothing;
            case JsonValueKind.Object:
                break;
            default:
                _problems.Add(new ConstraintProblem(node.Pointer, "", "a schema is an object, true or false"));
                return Shape.Anything;
        }

        Dictionary<string, JsonElement> keywords = _reader.Open(node);
        Shape shape = _reader.ReadTypes();
        List<Shape> conditions = [];
        if (keywords.Remove("enum", out JsonElement values))
            conditions.Add(Enumeration(node, values));
        if (keywords.Remove("const", out JsonElement value))
            conditions.Add(Literals([value]));
        if (keywords.Remove("dependentRequired", out JsonElement map) && map.ValueKind == JsonValueKind.Object)
            conditions.AddRange(map.EnumerateObject().Select(entry => Dependent(entry.Name,
                new ObjectCase([], [entry.Name, .. _reader.ReadTexts("dependentRequired", entry.Value)],
                    Conjunction.Anything, 0, RepeatExpression.Unbounded))));
        // From here on other schemas are read, and the reader leaves this one.
        foreach (Shape condition in conditions)
            shape = _algebra.Intersect(shape, condition);
        return InPlace(node, keywords, shape);
    }

    private Shape Enumeration(SchemaNode node, JsonElement values)
    {
        if (values.ValueKind == JsonValueKind.Array)
            return Literals([.. values.EnumerateArray()]);
        Refuse(node, "enum", "a list of values must stand here");
        return Shape.Anything;
    }

    // Strings are one case, which a tree of their bytes makes cheap.
    private Shape Literals(JsonElement[] all)
    {
        List<Case> cases = [];
        List<string> texts = [];
        foreach (JsonElement item in all)
        {
            if (item.ValueKind == JsonValueKind.String)
                texts.Add(item.GetString()!); // A JSON string is not null.
            else
                cases.Add(new LiteralCase(item));
        }

        if (texts.Count > 0)
            cases.Add(Strings.Among(texts));
        if (cases.Count > ConstraintLimits.CasesMax)
            throw ConstraintException.TooLarge("values of one enum that are no strings", ConstraintLimits.CasesMax);
        return new Shape(JsonTypes.None, cases);
    }

    /// <summary>Where a property is there, what holds of the object; else all is free.</summary>
    private static Shape Dependent(string name, ObjectCase then) =>
        new(JsonTypes.All & ~JsonTypes.Object, [ObjectCases.Without(name), then]);

    private Shape InPlace(SchemaNode node, Dictionary<string, JsonElement> keywords, Shape shape)
    {
        foreach (string keyword in (string[])["$ref", "$dynamicRef"])
        {
            if (keywords.Remove(keyword, out JsonElement reference) && Target(node, keyword, reference) is { } target)
                shape = _algebra.Intersect(shape, OfMember(target.Index));
        }

        if (keywords.Remove("allOf"))
            shape = Members(node, "allOf").Aggregate(shape, (all, member) => _algebra.Intersect(all, OfMember(member)));
        if (keywords.Remove("anyOf"))
            shape = _algebra.Intersect(shape, Shape.Union(Members(node, "anyOf").Select(OfMember)));
        if (keywords.Remove("oneOf"))
            shape = _algebra.Intersect(shape, ExactlyOne(node, shape));
        if (keywords.Remove("not"))
            shape = _algebra.Intersect(shape, OfMember(-_document.Child(node, "not").Index));
        if (keywords.Remove("if"))
            shape = _algebra.Intersect(shape, Condition(node, keywords));
        if (keywords.Remove("dependentSchemas", out JsonElement dependents))
            shape = DependentSchemas(node, dependents, shape);
        foreach (string keyword in keywords.Keys.Where(keyword => !Keywords.IsIgnored(keyword)))
            _problems.Add(new ConstraintProblem(node.Pointer, keyword, Keywords.Reason(keyword)));
        return shape;
    }

    private SchemaNode? Target(SchemaNode node, string keyword, JsonElement reference)
    {
        string? address = reference.ValueKind == JsonValueKind.String ? reference.GetString() : null;
        if (keyword == "$dynamicRef" && address is not null && !_document.IsStatic(address))
        {
            Refuse(node, keyword, "a dynamic reference with several anchors is not supported; write $ref");
            return null;
        }

        SchemaNode? target = address is null ? null : _document.Resolve(node, address);
        if (target is null)
            Refuse(node, keyword, $"nothing in this schema is there: {reference.GetRawText()}; nothing is fetched");
        return target;
    }

    private int[] Members(SchemaNode node, string keyword)
    {
        JsonElement list = node.Schema.GetProperty(keyword);
        if (list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0)
        {
            IEnumerable<int> indices = Enumerable.Range(0, list.GetArrayLength());
            return [.. indices.Select(i => _document.Child(node, keyword, $"{i}").Index)];
        }

        Refuse(node, keyword, "a list of schemas must stand here");
        return [1];
    }

    /// <summary>
    /// The union, where no two members have a value in common that the rest of the schema allows; else each without
    /// what the others allow, where complements are known.
    /// </summary>
    private Shape ExactlyOne(SchemaNode node, Shape beside)
    {
        int[] members = Members(node, "oneOf");
        Shape[] shapes = [.. members.Select(member => _algebra.Intersect(beside, OfMember(member)))];
        bool isDisjoint = true;
        for (int i = 0; i < shapes.Length && isDisjoint; i++)
        {
            for (int j = 0; j < i && isDisjoint; j++)
                isDisjoint = _algebra.Intersect(shapes[i], shapes[j]).IsNothing;
        }

        if (isDisjoint)
            return Shape.Union(shapes);
        Shape?[] complements = [.. members.Select(member => _algebra.Complement(OfMember(member), out _))];
        if (Array.Exists(complements, complement => complement is null))
        {
            Refuse(
                node, "oneOf", "a value could satisfy several of these; write anyOf, or a const that tells them apart");
            return Shape.Anything;
        }

        var exactly = new List<Shape>();
        for (int i = 0; i < shapes.Length; i++)
        {
            Shape only = shapes[i];
            for (int j = 0; j < shapes.Length; j++)
                only = j == i ? only : _algebra.Intersect(only, complements[j]!); // None is null here.
            exactly.Add(only);
        }

        return Shape.Union(exactly);
    }

    private Shape Condition(SchemaNode node, Dictionary<string, JsonElement> keywords)
    {
        bool hasThen = keywords.Remove("then");
        bool hasElse = keywords.Remove("else");
        if (!hasThen && !hasElse)
            return Shape.Anything;
        int test = _document.Child(node, "if").Index;
        Shape met = OfMember(test);
        if (hasThen)
            met = _algebra.Intersect(met, OfMember(_document.Child(node, "then").Index));
        Shape unmet = OfMember(-test);
        if (hasElse)
            unmet = _algebra.Intersect(unmet, OfMember(_document.Child(node, "else").Index));
        return Shape.Union([met, unmet]);
    }

    private Shape DependentSchemas(SchemaNode node, JsonElement dependents, Shape shape)
    {
        if (dependents.ValueKind != JsonValueKind.Object)
        {
            Refuse(node, "dependentSchemas", "schemas by name must stand here");
            return shape;
        }

        foreach (JsonProperty entry in dependents.EnumerateObject())
        {
            var present = new ObjectCase([], [entry.Name], Conjunction.Anything, 0, RepeatExpression.Unbounded);
            Shape then = _algebra.Intersect(
                Shape.Of(present), OfMember(_document.Child(node, "dependentSchemas", entry.Name).Index));
            Shape absent = new(JsonTypes.All & ~JsonTypes.Object, [ObjectCases.Without(entry.Name)]);
            shape = _algebra.Intersect(shape, Shape.Union([then, absent]));
        }

        return shape;
    }

    private void Refuse(SchemaNode node, string keyword, string reason) =>
        _problems.Add(new ConstraintProblem(node.Pointer, keyword, reason));
}
