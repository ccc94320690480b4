using System.Text.Json;
using Fourteen.Engine.Constraints.Expressions;
using Fourteen.Engine.Constraints.Patterns;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>
/// Reads the keywords of one schema that restrict values by their type. Problems are collected, and the keyword is left
/// out, so that one answer names all of them.
/// </summary>
internal sealed class KeywordReader(
    SchemaDocument document, PatternCompiler patterns, List<ConstraintProblem> problems, List<string> notes)
{
    private SchemaNode _node = document.Root;
    private Dictionary<string, JsonElement> _keywords = new(StringComparer.Ordinal);

    /// <summary>The keywords of a schema that is an object, by name.</summary>
    public Dictionary<string, JsonElement> Open(SchemaNode node)
    {
        _node = node;
        _keywords = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty property in node.Schema.EnumerateObject())
        {
            if (!_keywords.TryAdd(property.Name, property.Value))
                Refuse(property.Name, "this keyword stands twice");
        }

        return _keywords;
    }

    /// <summary>What <c>type</c> and the keywords of single types allow, of the schema opened last; removes them.
    /// </summary>
    public Shape ReadTypes()
    {
        Shape types = ReadType();
        NumberCase? numbers = ReadNumbers();
        StringCase? strings = ReadStrings();
        ArrayCase? arrays = ReadArrays();
        ObjectCase? objects = ReadObjects();
        List<Case> cases = [];
        JsonTypes free = types.Free;
        Restrict(JsonTypes.Number, numbers);
        Restrict(JsonTypes.String, strings);
        Restrict(JsonTypes.Array, arrays);
        Restrict(JsonTypes.Object, objects);
        if (types.Cases.Count > 0) // Integers.
            cases.Add((numbers ?? new NumberCase(IsInteger: true, null, null, [])) with { IsInteger = true });
        return new Shape(free, cases);

        void Restrict(JsonTypes type, Case? restricted)
        {
            if (restricted is null || (free & type) == 0)
                return;
            free &= ~type;
            cases.Add(restricted);
        }
    }

    public void Refuse(string keyword, string reason) =>
        problems.Add(new ConstraintProblem(_node.Pointer, keyword, reason));

    /// <summary>A child schema as a conjunction of one.</summary>
    public Conjunction ChildSchema(params ReadOnlySpan<string> tokens)
    {
        SchemaNode child = document.Child(_node, tokens);
        if (child.Schema.ValueKind is JsonValueKind.True)
            return Conjunction.Anything;
        if (child.Schema.ValueKind is JsonValueKind.False)
            return Conjunction.Nothing;
        return Conjunction.Of(child.Index);
    }

    private Shape ReadType()
    {
        if (!_keywords.Remove("type", out JsonElement type))
            return Shape.Anything;
        IEnumerable<JsonElement> names = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray() : [type];
        var free = JsonTypes.None;
        bool hasInteger = false;
        foreach (JsonElement name in names)
        {
            string text = name.ValueKind == JsonValueKind.String ? name.GetString()! : ""; // A JSON string is not null.
            JsonTypes known = text switch
            {
                "null" => JsonTypes.Null,
                "boolean" => JsonTypes.Boolean,
                "number" => JsonTypes.Number,
                "string" => JsonTypes.String,
                "array" => JsonTypes.Array,
                "object" => JsonTypes.Object,
                _ => JsonTypes.None,
            };
            free |= known;
            hasInteger |= text == "integer";
            if (known == JsonTypes.None && text != "integer")
                Refuse("type", $"a type of JSON must stand here, found {name.GetRawText()}");
        }

        bool isNumber = (free & JsonTypes.Number) != 0;
        return new Shape(free, hasInteger && !isNumber ? [new NumberCase(IsInteger: true, null, null, [])] : []);
    }

    private NumberCase? ReadNumbers()
    {
        NumberBound? min = Tighter(ReadBound("minimum", false), ReadBound("exclusiveMinimum", true), isMin: true);
        NumberBound? max = Tighter(ReadBound("maximum", false), ReadBound("exclusiveMaximum", true), isMin: false);
        List<ExactDecimal> multiples = [];
        if (_keywords.Remove("multipleOf", out JsonElement multiple))
        {
            ExactDecimal? step = multiple.ValueKind == JsonValueKind.Number ? ExactDecimal.From(multiple) : null;
            if (step is not { } value || value.Digits <= 0 || value.Digits > NumberText.ModulusMax
                || value.Places > ConstraintLimits.DigitsMax)
            {
                Refuse(
                    "multipleOf",
                    $"a positive number of at most {NumberText.ModulusMax} steps is supported, "
                    + $"found {multiple.GetRawText()}");
            }
            else
            {
                multiples.Add(value);
            }
        }

        return min is null && max is null && multiples.Count == 0 ? null : new NumberCase(false, min, max, multiples);
    }

    private NumberBound? ReadBound(string keyword, bool isStrict)
    {
        if (!_keywords.Remove(keyword, out JsonElement value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && ExactDecimal.From(value) is { } bound)
            return new NumberBound(bound, isStrict);
        Refuse(keyword, $"a number of at most 60 digits must stand here, found {value.GetRawText()}");
        return null;
    }

    internal static NumberBound? Tighter(NumberBound? x, NumberBound? y, bool isMin)
    {
        if (x is not { } first || y is not { } second)
            return x ?? y;
        int order = first.Value.CompareTo(second.Value);
        if (order == 0)
            return first.IsStrict ? first : second;
        return order > 0 == isMin ? first : second;
    }

    private StringCase? ReadStrings()
    {
        int? min = ReadCount("minLength");
        int? max = ReadCount("maxLength");
        List<Expression> terms = [];
        if (_keywords.Remove("pattern", out JsonElement pattern) && ReadText("pattern", pattern) is { } source
            && TryPattern("pattern", source) is { } matching)
        {
            terms.Add(matching);
        }

        if (_keywords.Remove("format", out JsonElement format) && ReadText("format", format) is { } name)
        {
            if (Formats.Pattern(name) is { } enforced)
                terms.Add(patterns.CompileSearch(PatternParser.Parse(enforced)));
            else if (Formats.IsAnnotation(name))
                notes.Add($"\"{_node.Pointer}\": format: \"{name}\" is an annotation and not enforced");
            else
                Refuse("format", $"this format is not known: \"{name}\"");
        }

        return min is null && max is null && terms.Count == 0
            ? null
            : new StringCase(terms, min ?? 0, max ?? RepeatExpression.Unbounded);
    }

    private Expression? TryPattern(string keyword, string source)
    {
        try
        {
            return patterns.CompileSearch(PatternParser.Parse(source));
        }
        catch (ConstraintException problem)
        {
            foreach (ConstraintProblem part in problem.Problems)
                Refuse(keyword, $"\"{source}\": {part.Place}: {part.Keyword}: {part.Reason}");
            return null;
        }
    }

    private ArrayCase? ReadArrays()
    {
        int? min = ReadCount("minItems");
        int? max = ReadCount("maxItems");
        List<Conjunction> prefix = [];
        if (_keywords.Remove("prefixItems", out JsonElement first))
        {
            if (first.ValueKind != JsonValueKind.Array)
                Refuse("prefixItems", "a list of schemas must stand here");
            else if (first.GetArrayLength() > ConstraintLimits.PropertiesMax)
                throw ConstraintException.TooLarge("prefixItems", ConstraintLimits.PropertiesMax);
            else
                prefix.AddRange(first.EnumerateArray().Select((_, i) => ChildSchema("prefixItems", $"{i}")));
        }

        Conjunction rest = Conjunction.Anything;
        bool hasItems = _keywords.Remove("items", out JsonElement items);
        if (hasItems && items.ValueKind == JsonValueKind.Array)
            Refuse("items", "one schema must stand here; a list is written as prefixItems");
        else if (hasItems)
            rest = ChildSchema("items");
        if (_keywords.TryGetValue("uniqueItems", out JsonElement unique)
            && (unique.ValueKind == JsonValueKind.False || max <= 1))
        {
            _keywords.Remove("uniqueItems");
        }

        bool isFree = min is null && max is null && prefix.Count == 0 && rest.Members.Count == 0;
        return isFree
            ? null
            : new ArrayCase([new ArrayPart(prefix, rest)], min ?? 0, max ?? RepeatExpression.Unbounded);
    }

    private ObjectCase? ReadObjects()
    {
        int? min = ReadCount("minProperties");
        int? max = ReadCount("maxProperties");
        List<(string, Conjunction)> properties = [];
        foreach (string name in ReadNames("properties"))
            properties.Add((name, ChildSchema("properties", name)));
        List<(Expression, Conjunction)> byPattern = [];
        foreach (string pattern in ReadNames("patternProperties"))
        {
            if (TryPattern("patternProperties", pattern) is { } names)
                byPattern.Add((names, ChildSchema("patternProperties", pattern)));
        }

        Conjunction additional = ReadAdditional();
        Conjunction nameSchema = _keywords.Remove("propertyNames")
            ? ChildSchema("propertyNames")
            : Conjunction.Anything;
        List<string> required = _keywords.Remove("required", out JsonElement list) ? ReadTexts("required", list) : [];
        if (properties.Count > ConstraintLimits.PropertiesMax || required.Count > ConstraintLimits.PropertiesMax)
            throw ConstraintException.TooLarge("properties of one object", ConstraintLimits.PropertiesMax);
        if (min is null && max is null && properties.Count == 0 && byPattern.Count == 0 && required.Count == 0
            && additional.Members.Count == 0 && nameSchema.Members.Count == 0)
        {
            return null;
        }

        return new ObjectCase(
            [new ObjectPart(properties, byPattern, additional)], required, nameSchema, min ?? 0,
            max ?? RepeatExpression.Unbounded);
    }

    /// <summary>What holds of other properties; without applicators beside it, those that are "unevaluated" are the
    /// same.</summary>
    private Conjunction ReadAdditional()
    {
        string[] inPlace =
            ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];
        bool isAlone = !Array.Exists(inPlace, _keywords.ContainsKey);
        bool hasAdditional = _keywords.Remove("additionalProperties");
        Conjunction additional = hasAdditional ? ChildSchema("additionalProperties") : Conjunction.Anything;
        if (!_keywords.TryGetValue("unevaluatedProperties", out JsonElement unevaluated))
            return additional;
        if (!hasAdditional && isAlone)
            additional = ChildSchema("unevaluatedProperties");
        else if (!hasAdditional && unevaluated.ValueKind != JsonValueKind.True)
            return additional; // It stays, and is refused.
        _keywords.Remove("unevaluatedProperties");
        return additional;
    }

    private List<string> ReadNames(string keyword)
    {
        if (!_keywords.Remove(keyword, out JsonElement map))
            return [];
        if (map.ValueKind != JsonValueKind.Object)
        {
            Refuse(keyword, "schemas by name must stand here");
            return [];
        }

        List<string> names = [.. map.EnumerateObject().Select(property => property.Name)];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Count)
            Refuse(keyword, "a name stands twice");
        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>A list of strings, of which each counts once.</summary>
    public List<string> ReadTexts(string keyword, JsonElement list)
    {
        bool isList = list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);
        if (!isList)
        {
            Refuse(keyword, "a list of names must stand here");
            return [];
        }

        // A JSON string is not null.
        return [.. list.EnumerateArray().Select(item => item.GetString()!).Distinct(StringComparer.Ordinal)];
    }

    private string? ReadText(string keyword, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        Refuse(keyword, "a string must stand here");
        return null;
    }

    private int? ReadCount(string keyword)
    {
        if (!_keywords.Remove(keyword, out JsonElement value))
            return null;
        ExactDecimal? count = value.ValueKind == JsonValueKind.Number ? ExactDecimal.From(value) : null;
        if (count is not { Digits.Sign: >= 0, IsInteger: true } whole)
        {
            Refuse(keyword, $"a count must stand here, found {value.GetRawText()}");
            return null;
        }

        bool isMin = keyword.StartsWith("min", StringComparison.Ordinal);
        if (whole.Digits <= ConstraintLimits.RepetitionsMax)
            return (int)whole.Digits;
        if (isMin)
            Refuse(keyword, $"at most {ConstraintLimits.RepetitionsMax} are supported, found {value.GetRawText()}");
        return isMin ? null : ConstraintLimits.RepetitionsMax; // Less than is allowed is allowed.
    }
}
